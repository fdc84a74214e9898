package scim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// operation is one step of a PATCH (RFC 7644, section 3.5.2).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// operationsMost is how many steps one PATCH takes.
const operationsMost = 1000

// parsePatch reads the body of a PATCH. Entra writes Add and Replace with a
// capital; names of members are read whatever their case.
func parsePatch(body []byte) ([]operation, error) {
	var doc struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}
	if err := json.Unmarshal(body, &doc); err != nil || len(doc.Operations) == 0 || len(doc.Operations) > operationsMost {
		return nil, errSyntax
	}
	known := len(doc.Schemas) == 0
	for _, s := range doc.Schemas {
		known = known || strings.EqualFold(s, patchSchema)
	}
	if !known {
		return nil, errSyntax
	}
	for i, o := range doc.Operations {
		switch o.Op = strings.ToLower(o.Op); o.Op {
		case "add", "replace":
		case "remove":
			if o.Path == "" {
				return nil, errNoTarget
			}
		default:
			return nil, errSyntax
		}
		doc.Operations[i] = o
	}
	return doc.Operations, nil
}

// patched is what a PATCH changes.
type patched interface {
	// set adds or replaces the value at a path; whether the rest of many values stays, add says.
	set(p path, value any, add bool) error
	// remove takes away what is at a path, or of its values those that are named.
	remove(p path, value any) error
}

// apply does the steps in their order, all or nothing: whoever calls writes down
// the outcome only if there is no error.
func apply(to patched, steps []operation) error {
	for _, o := range steps {
		if o.Path == "" {
			if err := setAll(to, o); err != nil {
				return err
			}
			continue
		}
		p, err := parsePath(o.Path)
		if err != nil {
			return err
		}
		if o.Op == "remove" {
			err = to.remove(p, o.Value)
		} else {
			err = to.set(p, o.Value, o.Op == "add")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setAll is a step without a path: its value is an object of attributes, whose
// names Entra also writes as paths.
func setAll(to patched, o operation) error {
	all, ok := o.Value.(map[string]any)
	if !ok {
		return errValue
	}
	for _, name := range slices.Sorted(maps.Keys(all)) { // in some order, so that the outcome is the same each time
		value := all[name]
		if strings.EqualFold(name, "schemas") {
			continue
		}
		p, err := parsePath(name)
		if err != nil {
			return err
		}
		if err := to.set(p, value, o.Op == "add"); err != nil {
			return err
		}
	}
	return nil
}

// text is a value as a string; null is none.
func text(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case nil:
		return "", nil
	}
	return "", errValue
}

// truth is a value as yes or no. Entra sends "True" and "False" as strings.
func truth(value any) (bool, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), nil
		}
	}
	return false, errValue
}

// member is what an object holds under a name, whatever its case.
func member(object map[string]any, name string) (any, bool) {
	for k, v := range object {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

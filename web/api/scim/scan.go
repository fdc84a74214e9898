package scim

import (
	"encoding/json"
	"strings"
)

// The grammar of RFC 7644, section 3.4.2.2 and 3.5.2, as far as directories send
// it: comparisons with eq, joined by and, and paths into an attribute.

// textMost bounds a filter or path, in bytes, and condsMost what it compares.
const (
	textMost  = 2000
	condsMost = 20
)

// cond compares one attribute with a value: a string, bool, float64 or nil.
type cond struct {
	attr  string // in small letters, without the schema, e.g. name.givenname
	value any
}

// path names an attribute: itself, a part of it, or of those of its values that
// fit. `emails[type eq "work"].value` is {emails, [{type work}], value}.
type path struct {
	attr  string
	where []cond
	sub   string
}

// scanner reads a text from the left.
type scanner struct {
	rest string
	fail error // what to say of a text that cannot be read
}

// parseFilter reads the comparisons of a filter, all of which must hold. An
// empty filter is none. It fails with errFilter.
func parseFilter(text string) ([]cond, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	s := scanner{text, errFilter}
	if len(text) > textMost {
		return nil, s.fail
	}
	conds, err := s.conds(true)
	if s.skip(); err != nil || s.rest != "" {
		return nil, s.fail
	}
	return conds, nil
}

// parsePath reads a path of a PATCH. It fails with errPath.
func parsePath(text string) (path, error) {
	s := scanner{text, errPath}
	if len(text) > textMost {
		return path{}, s.fail
	}
	s.skip()
	p, err := s.path()
	if s.skip(); err != nil || s.rest != "" {
		return path{}, errPath
	}
	return p, nil
}

func (s *scanner) skip() { s.rest = strings.TrimLeft(s.rest, " ") }

// eat takes a mark off the front, if it is there.
func (s *scanner) eat(mark string) bool {
	rest, ok := strings.CutPrefix(s.rest, mark)
	if ok {
		s.rest = rest
	}
	return ok
}

// word takes letters, digits and what else a name may have.
func (s *scanner) word(more string) string {
	n := 0
	for n < len(s.rest) {
		c := s.rest[n]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(more, c) >= 0 {
			n++
			continue
		}
		break
	}
	w := s.rest[:n]
	s.rest = s.rest[n:]
	return w
}

// name takes an attribute's name, with a part of it or without, and drops the
// schema before it: urn:ietf:params:scim:schemas:core:2.0:User:userName. What
// extension schemas add keeps theirs, so that it is not taken for ours.
func (s *scanner) name() (string, error) {
	w := strings.ToLower(s.word("$-_.:"))
	if strings.HasPrefix(w, "urn:") {
		for _, schema := range []string{userSchema, groupSchema} {
			if rest, ok := strings.CutPrefix(w, strings.ToLower(schema)+":"); ok {
				w = rest
			}
		}
	} else if strings.Contains(w, ":") {
		return "", s.fail
	}
	first := strings.TrimLeft(w, "$")
	if first == "" || first[0] < 'a' || first[0] > 'z' {
		return "", s.fail
	}
	return w, nil
}

// conds takes comparisons joined by and. Deep ones may look into an attribute's
// values: emails[type eq "work" and value eq "x"].
func (s *scanner) conds(deep bool) (all []cond, err error) {
	for {
		s.skip()
		name, err := s.name()
		if err != nil {
			return nil, err
		}
		if deep && s.eat("[") {
			inner, err := s.conds(false)
			if err != nil || !s.eat("]") {
				return nil, s.fail
			}
			for _, c := range inner {
				all = append(all, cond{name + "." + c.attr, c.value})
			}
		} else {
			c, err := s.compare(name)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
		if len(all) > condsMost {
			return nil, s.fail
		}
		s.skip()
		was := s.rest
		if !strings.EqualFold(s.word(""), "and") || !strings.HasPrefix(s.rest, " ") {
			s.rest = was
			return all, nil
		}
	}
}

// compare takes ` eq value`.
func (s *scanner) compare(name string) (cond, error) {
	if !strings.HasPrefix(s.rest, " ") {
		return cond{}, s.fail
	}
	s.skip()
	if !strings.EqualFold(s.word(""), "eq") || !strings.HasPrefix(s.rest, " ") {
		return cond{}, s.fail
	}
	s.skip()
	d := json.NewDecoder(strings.NewReader(s.rest))
	var value any
	if err := d.Decode(&value); err != nil {
		// Entra writes True and False now and then.
		w := s.word("")
		if !strings.EqualFold(w, "true") && !strings.EqualFold(w, "false") {
			return cond{}, s.fail
		}
		return cond{name, strings.EqualFold(w, "true")}, nil
	}
	switch value.(type) {
	case map[string]any, []any:
		return cond{}, s.fail
	}
	s.rest = s.rest[d.InputOffset():]
	return cond{name, value}, nil
}

func (s *scanner) path() (p path, err error) {
	name, err := s.name()
	if err != nil {
		return p, err
	}
	if s.eat("[") {
		p.attr = name
		if p.where, err = s.conds(false); err != nil || !s.eat("]") {
			return p, s.fail
		}
		if s.eat(".") {
			if p.sub, err = s.name(); err != nil || strings.ContainsAny(p.sub, ".:") {
				return p, s.fail
			}
		}
		return p, nil
	}
	if strings.HasPrefix(name, "urn:") {
		p.attr = name // of an extension that we do not keep
		return p, nil
	}
	p.attr, p.sub, _ = strings.Cut(name, ".")
	if strings.Contains(p.sub, ".") || strings.HasSuffix(name, ".") {
		return p, s.fail
	}
	return p, nil
}

package scim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

// group is a team as a directory sees it; its members are those who hold the
// role of a member there.
type group struct {
	orgs.DirectoryGroup
	at string // the address of all groups
}

func (g group) meta() meta {
	return meta{kind: "Group", location: g.at + "/" + string(g.ID), created: g.CreatedAt, version: g.Version}
}

// shown is the document (RFC 7643, section 4.2).
func (g group) shown(c echo.Context) map[string]any {
	base := strings.TrimSuffix(g.at, "Groups") + "Users/"
	members := make([]map[string]any, len(g.Members))
	for i, m := range g.Members {
		members[i] = map[string]any{"value": m.ID, "display": m.Name, "$ref": base + m.ID, "type": "User"}
	}
	doc := map[string]any{"schemas": []string{groupSchema}, "id": string(g.ID), "displayName": g.Name, "members": members, "meta": g.meta().doc()}
	if g.ExternalID != "" {
		doc["externalId"] = g.ExternalID
	}
	return pick(c, doc)
}

// parseGroup reads a whole group over what stays of the one that is there.
func parseGroup(body []byte, was group) (group, error) {
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil || doc == nil {
		return was, errSyntax
	}
	g := was
	g.Name, g.ExternalID, g.Members = "", "", nil
	if err := setAll(&g, operation{Op: "replace", Value: doc}); err != nil {
		return was, err
	}
	if strings.TrimSpace(g.Name) == "" {
		return was, errValue
	}
	return g, nil
}

func (g *group) set(p path, value any, add bool) (err error) {
	switch p.attr {
	case "displayname":
		if g.Name, err = text(value); err == nil && strings.TrimSpace(g.Name) == "" {
			return errValue
		}
	case "externalid":
		g.ExternalID, err = text(value)
	case "members":
		if p.sub != "" || len(p.where) > 0 {
			return nil // what a member's entry says is ours to say
		}
		ids, err := memberIDs(value)
		if err != nil {
			return err
		}
		if !add {
			g.Members = nil
		}
		for _, id := range ids {
			if !slices.ContainsFunc(g.Members, func(m orgs.DirectoryRef) bool { return m.ID == id }) {
				g.Members = append(g.Members, orgs.DirectoryRef{ID: id})
			}
		}
	}
	return err
}

// memberIDs reads [{"value": id}], and {"value": id} or an id alone.
func memberIDs(value any) (ids []string, err error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, checkMember(v)
	case map[string]any:
		id, _ := member(v, "value")
		s, _ := id.(string)
		if kind, _ := member(v, "type"); kind != nil && kind != "" && kind != "User" {
			return nil, errValue // groups in groups are not kept
		}
		return []string{s}, checkMember(s)
	case []any:
		for _, one := range v {
			if _, nested := one.([]any); nested {
				return nil, errValue
			}
			some, err := memberIDs(one)
			if err != nil {
				return nil, err
			}
			ids = append(ids, some...)
		}
		return ids, nil
	}
	return nil, errValue
}

func checkMember(id string) error {
	if _, err := iam.ParseUserID(id); err != nil {
		return orgs.ErrMember
	}
	return nil
}

// remove takes members out: all, those that the path's condition names, or those
// that the value names, which is how Entra does it.
func (g *group) remove(p path, value any) error {
	switch p.attr {
	case "displayname", "id", "schemas":
		return errMutable
	case "externalid":
		g.ExternalID = ""
	case "members":
		if len(p.where) == 0 && value == nil {
			g.Members = nil
			return nil
		}
		gone, err := memberIDs(value)
		if err != nil {
			return err
		}
		for _, c := range p.where {
			if id, ok := c.value.(string); ok && c.attr == "value" {
				gone = append(gone, id)
			}
		}
		g.Members = slices.DeleteFunc(g.Members, func(m orgs.DirectoryRef) bool { return slices.Contains(gone, m.ID) })
	}
	return nil
}

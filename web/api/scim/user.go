package scim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

// user is a person as a directory sees him. Of the many attributes of RFC 7643
// we keep those that we use, and pass the others over in silence: directories
// send them all.
type user struct {
	orgs.DirectoryPerson
	display   string // displayName or name.formatted, as far as this request says
	formatted string
	at        string // the address of all users
}

func (u user) meta() meta {
	return meta{"User", u.at + "/" + string(u.ID), u.CreatedAt, u.ChangedAt, u.Version}
}

// shown is the document (RFC 7643, section 4.1).
func (u user) shown(c echo.Context) map[string]any {
	doc := map[string]any{
		"schemas": []string{userSchema}, "id": string(u.ID), "userName": u.UserName, "displayName": u.Name, "active": u.Active,
		"name": nonEmpty(map[string]any{"formatted": u.Name, "givenName": u.GivenName, "familyName": u.FamilyName}), "meta": u.meta().doc(),
	}
	if u.ExternalID != "" {
		doc["externalId"] = u.ExternalID
	}
	if u.Reachable {
		doc["emails"] = []map[string]any{{"value": string(u.Email), "type": "work", "primary": true}}
	}
	if len(u.Groups) > 0 {
		base := strings.TrimSuffix(u.at, "Users") + "Groups/"
		var groups []map[string]any
		for _, g := range u.Groups {
			groups = append(groups, map[string]any{"value": g.ID, "display": g.Name, "$ref": base + g.ID, "type": "direct"})
		}
		doc["groups"] = groups
	}
	return pick(c, doc)
}

func nonEmpty(doc map[string]any) map[string]any {
	for k, v := range doc {
		if v == "" {
			delete(doc, k)
		}
	}
	return doc
}

// parseUser reads a whole user, as POST and PUT send it, over what stays of the
// one that is there: nothing but id and home.
func parseUser(body []byte, was user) (user, error) {
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil || doc == nil {
		return was, errSyntax
	}
	if schemas, ok := member(doc, "schemas"); ok {
		all, _ := schemas.([]any)
		if !slices.ContainsFunc(all, func(s any) bool { t, _ := s.(string); return strings.EqualFold(t, userSchema) }) {
			return was, errSyntax
		}
	}
	u := was
	u.DirectoryPerson = orgs.DirectoryPerson{Profile: iam.Profile{ID: was.ID, Home: was.Home, Version: was.Version, CreatedAt: was.CreatedAt, Active: true}}
	if err := setAll(&u, operation{Op: "replace", Value: doc}); err != nil {
		return was, err
	}
	if u.UserName == "" {
		return was, errValue
	}
	return u.finished(was), nil
}

// finished fills in the name that people see: what the directory shows, else
// its formatted name, else given and family name, else what it was.
func (u user) finished(was user) user {
	made := strings.TrimSpace(u.GivenName + " " + u.FamilyName)
	switch {
	case u.display != "":
		u.Name = u.display
	case u.formatted != "":
		u.Name = u.formatted
	case made != "" && (u.Name == "" || u.GivenName != was.GivenName || u.FamilyName != was.FamilyName):
		u.Name = made
	case u.Name == "":
		u.Name = u.UserName
	}
	return u
}

// set and remove are for patched.
func (u *user) set(p path, value any, add bool) (err error) {
	switch p.attr {
	case "username":
		if u.UserName, err = text(value); err == nil && strings.TrimSpace(u.UserName) == "" {
			return errValue
		}
	case "externalid":
		u.ExternalID, err = text(value)
	case "displayname":
		u.display, err = text(value)
	case "active":
		u.Active, err = truth(value)
	case "name":
		return u.setName(p.sub, value)
	case "emails":
		return u.setEmail(p, value)
	case "id", "meta", "groups":
		// the directory repeats what we told it; it is ours to say
	}
	return err
}

func (u *user) setName(sub string, value any) (err error) {
	if sub == "" {
		parts, ok := value.(map[string]any)
		if !ok {
			return errValue
		}
		for part, v := range parts {
			if err := u.setName(strings.ToLower(part), v); err != nil {
				return err
			}
		}
		return nil
	}
	switch sub {
	case "formatted":
		u.formatted, err = text(value)
	case "givenname":
		u.GivenName, err = text(value)
	case "familyname":
		u.FamilyName, err = text(value)
	}
	return err
}

// setEmail takes the address that counts: the primary one, else that of work,
// else the first.
func (u *user) setEmail(p path, value any) error {
	if len(p.where) > 0 && !fitsEmail(p.where) {
		return nil // one of those that we do not keep
	}
	var found string
	switch v := value.(type) {
	case string:
		if p.sub != "" && p.sub != "value" {
			return nil
		}
		found = v
	case map[string]any:
		found = address(v)
	case []any:
		best := -1
		for _, e := range v {
			entry, ok := e.(map[string]any)
			if !ok {
				return errValue
			}
			if rank := rank(entry); rank > best && address(entry) != "" {
				best, found = rank, address(entry)
			}
		}
	case bool, nil:
		return nil // emails[…].primary
	default:
		return errValue
	}
	if found != "" {
		u.Address = found
	}
	return nil
}

func address(entry map[string]any) string {
	v, _ := member(entry, "value")
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

func rank(entry map[string]any) (n int) {
	if v, _ := member(entry, "primary"); v != nil {
		if yes, err := truth(v); err == nil && yes {
			return 2
		}
	}
	if v, _ := member(entry, "type"); v == "work" {
		return 1
	}
	return 0
}

// fitsEmail tells whether a condition means the one address that we keep.
func fitsEmail(where []cond) bool {
	for _, c := range where {
		switch c.attr {
		case "type":
			if v, _ := c.value.(string); !strings.EqualFold(v, "work") {
				return false
			}
		case "primary":
			if yes, err := truth(c.value); err != nil || !yes {
				return false
			}
		}
	}
	return true
}

func (u *user) remove(p path, _ any) error {
	switch p.attr {
	case "username", "active", "id", "schemas":
		return errMutable
	case "externalid":
		u.ExternalID = ""
	case "name":
		if p.sub == "" || p.sub == "givenname" {
			u.GivenName = ""
		}
		if p.sub == "" || p.sub == "familyname" {
			u.FamilyName = ""
		}
	case "emails":
		if fitsEmail(p.where) {
			u.Address = ""
		}
	}
	return nil
}

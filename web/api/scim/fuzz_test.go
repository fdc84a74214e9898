package scim

import (
	"strings"
	"testing"
)

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{`userName eq "bjensen"`, `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "x" and active eq true`,
		`emails[type eq "work" and value eq "a@b"] and id eq "x"`, `active eq True`, `a eq null and b eq 1.5`, `a eq {"b":1}`, `eq eq eq`, `name. eq "x"`, `a[b[c eq 1]]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		conds, err := parseFilter(s)
		if err != nil && conds != nil || len(conds) > condsMost {
			t.Fatalf("%q: %v %v", s, conds, err)
		}
		for _, c := range conds {
			if c.attr == "" || c.attr != strings.ToLower(c.attr) || strings.ContainsAny(c.attr, " \"'?") {
				t.Fatalf("%q: attribute %q", s, c.attr)
			}
			switch c.value.(type) {
			case string, bool, float64, nil:
			default:
				t.Fatalf("%q: value %v", s, c.value)
			}
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"members", "name.familyName", `addresses[type eq "work"]`, `members[value eq "2819c223"].displayName`, `emails[type eq "work"].value`,
		"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "a[", "a.b.c", ".", "$ref"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePath(s)
		if err == nil && (p.attr == "" || strings.Contains(p.sub, ".")) {
			t.Fatalf("%q: %+v", s, p)
		}
	})
}

func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`,
		`{"Operations":[{"op":"add","value":{"emails":[{"value":"a@b"}],"name.givenName":"x"}}]}`,
		`{"Operations":[{"op":"remove","path":"members[value eq \"x\"]"}]}`,
		`{"Operations":[{"op":"add","path":"members","value":[[["x"]]]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		steps, err := parsePatch(doc)
		if err != nil {
			return
		}
		var u user
		if apply(&u, steps) == nil {
			u.finished(user{})
		}
		var g group
		_ = apply(&g, steps)
		_, _ = parseUser(doc, user{})
		_, _ = parseGroup(doc, group{})
	})
}

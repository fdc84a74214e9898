package scim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/web/webtest"
)

// directory is a SCIM client as RFC 7644 writes one.
type directory struct {
	*webtest.Simpsons
	t       testing.TB
	token   vault.Secret
	service iam.ServiceID
}

func newDirectory(t testing.TB, db *migrations.DB, role string) *directory {
	t.Helper()
	s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
	d := &directory{Simpsons: s, t: t}
	a, err := s.Machines.NewService(s.AsHomer(t), s.Tenant, "Directory", "")
	d.ok(err)
	_, err = s.Machines.GiveServiceRole(s.AsHomer(t), a.ID, role, "")
	d.ok(err)
	d.token, _, err = s.Machines.NewServiceToken(s.AsHomer(t), a.ID, "SCIM", time.Time{}, time.Now().Add(time.Hour))
	d.ok(err)
	d.service = a.ID
	return d
}

func (d *directory) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	doc    map[string]any
}

// ask sends a request; more are header names and values.
func (d *directory) ask(method, path, body string, more ...string) answer {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.URL+"/scim/v2"+path, strings.NewReader(body))
	d.ok(err)
	r.Header.Set("Authorization", "Bearer "+d.token.Reveal())
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	d.ok(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	d.ok(err)
	a := answer{t: d.t, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) > 0 {
		dec := json.NewDecoder(bytes.NewReader(raw))
		if err := dec.Decode(&a.doc); err != nil {
			d.t.Fatalf("%s %s: %q", method, path, raw)
		}
	}
	return a
}

// wants checks the status, and that a failure is told in SCIM's way.
func (a answer) wants(status int, scimType ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%d, want %d: %s", a.status, status, a.raw)
	}
	if status >= 400 {
		if a.header.Get("Content-Type") != "application/scim+json" || !strings.Contains(a.raw, "urn:ietf:params:scim:api:messages:2.0:Error") {
			a.t.Fatalf("not SCIM's error: %v %s", a.header, a.raw)
		}
		for _, s := range scimType {
			if a.doc["scimType"] != s {
				a.t.Fatalf("scimType %v, want %s", a.doc["scimType"], s)
			}
		}
	}
	return a
}

// at walks into the document: name.givenName, members.0.value.
func (a answer) at(path string) any {
	var v any = a.doc
	for step := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			n := int(step[0] - '0')
			if n >= len(in) {
				return nil
			}
			v = in[n]
		default:
			return nil
		}
	}
	return v
}

func (a answer) has(path string, want any) answer {
	a.t.Helper()
	if got := a.at(path); got != want {
		a.t.Fatalf("%s is %v, want %v: %s", path, got, want, a.raw)
	}
	return a
}

func (a answer) id() string { s, _ := a.doc["id"].(string); return s }

func filter(s string) string { return "?filter=" + url.QueryEscape(s) }

// The requests of RFC 7644, sections 3.3 to 3.5, in their own words.
func TestADirectoryDoesWhatTheRFCShows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := newDirectory(t, db, "owner")
		made := d.ask("POST", "/Users", `{
     "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
     "userName":"bjensen",
     "externalId":"bjensen",
     "name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"}
   }`).wants(201).has("userName", "bjensen").has("externalId", "bjensen").has("name.formatted", "Ms. Barbara J Jensen III").
			has("name.familyName", "Jensen").has("active", true).has("meta.resourceType", "User")
		id := made.id()
		if made.header.Get("Location") != d.URL+"/scim/v2/Users/"+id || made.at("meta.location") != made.header.Get("Location") || made.header.Get("ETag") != made.at("meta.version") {
			t.Fatalf("%v %s", made.header, made.raw)
		}
		if made.at("emails") != nil {
			t.Fatalf("an address that nobody has is told: %s", made.raw)
		}
		d.ask("GET", "/Users/"+id, "").wants(200).has("id", id)
		d.ask("GET", "/Users/"+id, "", "If-None-Match", made.header.Get("ETag")).wants(304)
		d.ask("GET", "/Users/"+id+"?attributes=userName", "").wants(200).has("userName", "bjensen").has("name", nil).has("id", id)
		d.ask("GET", "/Users/"+id+"?excludedAttributes=name,emails", "").wants(200).has("displayName", "Ms. Barbara J Jensen III").has("name", nil)
		found := d.ask("GET", "/Users"+filter(`userName eq "BJensen"`)+"&startIndex=1&count=10", "").wants(200).has("totalResults", 1.0).has("Resources.0.id", id)
		if found.at("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:ListResponse" {
			t.Fatal(found.raw)
		}
		d.ask("GET", "/Users"+filter(`userName eq "nobody"`), "").wants(200).has("totalResults", 0.0)
		d.ask("GET", "/Users?count=0", "").wants(200).has("itemsPerPage", 0.0)
		patched := d.ask("PATCH", "/Users/"+id, `{
     "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
     "Operations":[{
       "op":"add",
       "value":{"emails":[{"value":"babs@jensen.org","type":"home"}],"nickname":"Babs"}
     }]}`, "If-Match", made.header.Get("ETag")).wants(200).has("emails.0.value", "babs@jensen.org")
		d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"name.familyName","value":"Smith"}]}`,
			"If-Match", made.header.Get("ETag")).wants(412)
		d.ask("PUT", "/Users/"+id, `{
     "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
     "id":"`+id+`", "userName":"bjensen", "externalId":"bjensen",
     "name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane"},
     "roles":[], "emails":[{"value":"bjensen@example.com"},{"value":"babs@jensen.org"}]
   }`, "If-Match", patched.header.Get("ETag")).wants(200).has("emails.0.value", "bjensen@example.com")

		group := d.ask("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Tour Guides","members":[{"value":"`+id+`","display":"Babs Jensen"}]}`).
			wants(201).has("displayName", "Tour Guides").has("members.0.value", id)
		d.ask("GET", "/Users/"+id, "").wants(200).has("groups.0.value", group.id()).has("groups.0.display", "Tour Guides")
		d.ask("PATCH", "/Groups/"+group.id(), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
     "Operations":[{"op":"remove","path":"members[value eq \"`+id+`\"]"}]}`).wants(200).has("members.0", nil)
		d.ask("PATCH", "/Groups/"+group.id(), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
     "Operations":[{"op":"add","path":"members","value":[{"display":"Babs Jensen","$ref":"https://example.com/v2/Users/`+id+`","value":"`+id+`"}]}]}`).wants(200).has("members.0.value", id)
		d.ask("PATCH", "/Groups/"+group.id(), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members"}]}`).wants(200).has("members.0", nil)
		d.ask("DELETE", "/Groups/"+group.id(), "").wants(204)
		d.ask("GET", "/Groups/"+group.id(), "").wants(404)

		d.ask("DELETE", "/Users/"+id, "").wants(204)
		d.ask("GET", "/Users/"+id, "").wants(404)
		d.ask("DELETE", "/Users/"+id, "").wants(404)
		d.ask("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","emails":[{"value":"bjensen@example.com"}]}`).wants(201)
	})
}

// Whoever knows an older version changes and removes nothing.
func TestADirectoryDoesNotActOnWhatItSawBefore(t *testing.T) {
	d := newDirectory(t, dbtest.SQLite(t), "owner")
	for kind, one := range map[string]struct{ made, change string }{
		"/Users":  {`{"userName":"bjensen","displayName":"Babs"}`, `{"op":"replace","path":"displayName","value":"Barbara"}`},
		"/Groups": {`{"displayName":"Tour Guides"}`, `{"op":"replace","path":"displayName","value":"Guides"}`},
	} {
		made := d.ask("POST", kind, one.made).wants(201)
		at, seen := kind+"/"+made.id(), made.header.Get("ETag")
		change := func() answer {
			return d.ask("PATCH", at, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+one.change+`]}`, "If-Match", seen)
		}
		now := change().wants(200).header.Get("ETag")
		change().wants(412)
		d.ask("DELETE", at, "", "If-Match", seen).wants(412)
		d.ask("GET", at, "").wants(200)
		d.ask("DELETE", at, "", "If-Match", now).wants(204)
	}
}

// What Okta sends, after its developers' guide to SCIM.
func TestOktaKeepsItsPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := newDirectory(t, db, "owner")
		d.ask("GET", "/Users"+filter(`userName eq "test.user@okta.local"`)+"&startIndex=1&count=100", "").wants(200).has("totalResults", 0.0)
		body := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"test.user@okta.local","name":{"givenName":"Test","familyName":"User"},
"emails":[{"primary":true,"value":"test.user@okta.local","type":"work"}],"displayName":"Test User","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`
		made := d.ask("POST", "/Users", body, "Content-Type", "application/scim+json; charset=utf-8").wants(201).has("name.givenName", "Test").has("emails.0.primary", true).has("displayName", "Test User")
		if strings.Contains(made.raw, "1mz050nq") {
			t.Fatal("the password comes back")
		}
		d.ask("POST", "/Users", body).wants(409, "uniqueness")
		id := made.id()
		d.ask("PUT", "/Users/"+id, strings.Replace(body, `"familyName":"User"`, `"familyName":"Client"`, 1)).wants(200).has("name.familyName", "Client")
		off := d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}`).wants(200).has("active", false)
		d.ask("GET", "/Users"+filter(`active eq false and userName eq "test.user@okta.local"`), "").wants(200).has("totalResults", 1.0)
		if off.at("meta.version") == made.at("meta.version") {
			t.Fatal("the version stays")
		}
		d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":true}}]}`).wants(200).has("active", true)
		group := d.ask("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Test SCIMv2","members":[]}`).wants(201).id()
		d.ask("PATCH", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"id":"`+group+`","displayName":"Test SCIMv2 more"}}]}`).
			wants(200).has("displayName", "Test SCIMv2 more")
		d.ask("PATCH", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"x\"]"},{"op":"add","path":"members","value":[{"value":"`+id+`","display":"test.user@okta.local"}]}]}`).
			wants(200).has("members.0.value", id)
		d.ask("GET", "/Groups"+filter(`displayName eq "Test SCIMv2 more"`), "").wants(200).has("Resources.0.members.0.display", "Test User")
	})
}

// What Entra sends, after its reference for SCIM, its older shapes included.
func TestEntraKeepsItsPeople(t *testing.T) {
	d := newDirectory(t, dbtest.SQLite(t), "owner")
	made := d.ask("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Test_User_ab6490ee@testuser.com","active":true,"displayName":"lennay",
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"bob"},
"emails":[{"primary":true,"type":"work","value":"Test_User_fd0ea19b@testuser.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"givenName familyName","familyName":"familyName","givenName":"givenName"},"roles":[]}`).
		wants(201).has("userName", "Test_User_ab6490ee@testuser.com").has("emails.0.value", "test_user_fd0ea19b@testuser.com").has("displayName", "lennay")
	id := made.id()
	d.ask("GET", "/Users"+filter(`externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`), "").wants(200).has("Resources.0.id", id)
	d.ask("GET", "/Users"+filter(`emails[type eq "work"].value eq "x"`), "").wants(400, "invalidFilter")
	d.ask("GET", "/Users"+filter(`emails[type eq "work" and value eq "Test_User_fd0ea19b@testuser.com"]`), "").wants(200).has("totalResults", 1.0)
	d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
{"op":"Replace","path":"emails[type eq \"work\"].value","value":"updatedEmail@microsoft.com"},
{"op":"Replace","path":"name.familyName","value":"updatedFamilyName"},
{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"x"},
{"op":"Replace","value":{"name.givenName":"New","displayName":"Bob"}}]}`).
		wants(200).has("emails.0.value", "updatedemail@microsoft.com").has("name.familyName", "updatedFamilyName").has("displayName", "Bob").has("name.givenName", "New").
		has("userName", "Test_User_ab6490ee@testuser.com")
	d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`).wants(200).has("active", false)
	d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":[{"value":"True"}]}]}`).wants(400, "invalidValue")
	d.ask("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"active","value":"True"}]}`).wants(200).has("active", true)
	group := d.ask("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
"externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"displayName","meta":{"resourceType":"Group"}}`).wants(201).has("externalId", "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159").id()
	d.ask("GET", "/Groups/"+group+"?excludedAttributes=members", "").wants(200).has("members", nil)
	d.ask("PATCH", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+id+`"}]}]}`).wants(200)
	d.ask("GET", "/Groups"+filter(`id eq "`+group+`" and members eq "`+id+`"`), "").wants(200).has("totalResults", 1.0)
	d.ask("PATCH", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+id+`"}]}]}`).wants(200).has("members.0", nil)
	d.ask("GET", "/Groups"+filter(`members eq "`+id+`"`), "").wants(200).has("totalResults", 0.0)
}

func TestWhoIsDeactivatedIsOutAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := newDirectory(t, db, "owner")
		marge := d.ask("GET", "/Users"+filter(`userName eq "marge@simps.net"`), "").wants(200).has("totalResults", 1.0).at("Resources.0.id").(string)
		d.Marge.Get(t, "/c").Wants(t, 200)
		d.ask("PATCH", "/Users/"+marge, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`).wants(200)
		d.Marge.Get(t, "/c").Wants(t, 303)
		homer := d.ask("GET", "/Users"+filter(`userName eq "homer@simps.net"`), "").at("Resources.0.id").(string)
		d.ask("PATCH", "/Users/"+homer, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`).wants(409)
		d.Homer.Get(t, "/").Wants(t, 200)
	})
}

func TestADirectoryDoesNotRiseAboveItself(t *testing.T) {
	d := newDirectory(t, dbtest.SQLite(t), "manager")
	homer := d.ask("GET", "/Users"+filter(`userName eq "homer@simps.net"`), "").at("Resources.0.id").(string)
	for _, op := range []string{
		`{"op":"replace","path":"active","value":false}`,
		`{"op":"replace","path":"emails","value":"evil@example.com"}`, // the way into his account
	} {
		d.ask("PATCH", "/Users/"+homer, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+op+`]}`).wants(403)
	}
	d.ask("DELETE", "/Users/"+homer, "").wants(403)
	d.ask("PATCH", "/Users/"+homer, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"Homer J."}]}`).wants(200).has("displayName", "Homer J.")
}

func TestADirectorySeesItsOwnTenantAlone(t *testing.T) {
	d := newDirectory(t, dbtest.SQLite(t), "owner")
	other := d.Browser(t)
	other.Post(t, "/register", "organisation", "Flanders", "name", "Ned", "email", "ned@flanders.net", "password", webtest.Password).Wants(t, 303)
	ned, err := d.Users.ByEmail(t.Context(), "ned@flanders.net")
	d.ok(err)
	d.ask("GET", "/Users/"+string(ned.ID), "").wants(404)
	d.ask("GET", "/Users"+filter(`userName eq "ned@flanders.net"`), "").wants(200).has("totalResults", 0.0)
	d.ask("GET", "/Users"+filter(`id eq "`+string(ned.ID)+`"`), "").wants(200).has("totalResults", 0.0)
	d.ask("PATCH", "/Users/"+string(ned.ID), `{"Operations":[{"op":"replace","path":"active","value":false}]}`).wants(404)
	d.ask("DELETE", "/Users/"+string(ned.ID), "").wants(404)
	d.ask("POST", "/Users", `{"userName":"ned@flanders.net"}`).wants(409, "uniqueness")
	d.ask("POST", "/Groups", `{"displayName":"Us","members":[{"value":"`+string(ned.ID)+`"}]}`).wants(400, "invalidValue")
	d.ask("GET", "/Groups/"+string(ned.Home), "").wants(404)
	d.ask("GET", "/Groups/"+string(d.Household), "").wants(404) // a household is no team
	d.ask("GET", "/Groups", "").wants(200).has("totalResults", 0.0)
}

func TestOnlyTheTenantsOwnServiceAccountIsADirectory(t *testing.T) {
	d := newDirectory(t, dbtest.SQLite(t), "owner")
	as := func(token vault.Secret) *directory { c := *d; c.token = token; return &c }
	for _, token := range []vault.Secret{"", "hk_nonsense", d.token + "x"} {
		a := as(token).ask("GET", "/Users", "").wants(401)
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Fatalf("%v", a.header)
		}
	}
	personal, _, err := d.Machines.NewOwnToken(d.AsHomer(t), orgs.OwnTokenRequest{Label: "mine", NotAfter: time.Now().Add(time.Hour)})
	d.ok(err)
	as(personal).ask("GET", "/Users", "").wants(403)
	a, err := d.Machines.NewService(d.AsHomer(t), d.Household, "Small", "")
	d.ok(err)
	_, err = d.Machines.GiveServiceRole(d.AsHomer(t), a.ID, "manager", "")
	d.ok(err)
	small, _, err := d.Machines.NewServiceToken(d.AsHomer(t), a.ID, "x", time.Time{}, time.Now().Add(time.Hour))
	d.ok(err)
	as(small).ask("GET", "/Users", "").wants(403)
	d.ask("GET", "/Users", "").wants(200)
	d.ok(d.Machines.EndService(d.AsHomer(t), d.service))
	d.ask("GET", "/Users", "").wants(401)
}

func TestADirectoryFindsOutWhatWeDo(t *testing.T) {
	d := newDirectory(t, dbtest.SQLite(t), "manager")
	d.ask("GET", "/ServiceProviderConfig", "").wants(200).has("patch.supported", true).has("etag.supported", true).has("bulk.supported", false).has("authenticationSchemes.0.type", "oauthbearertoken")
	d.ask("GET", "/ResourceTypes", "").wants(200).has("totalResults", 2.0).has("Resources.0.endpoint", "/Users")
	d.ask("GET", "/ResourceTypes/Group", "").wants(200).has("schema", "urn:ietf:params:scim:schemas:core:2.0:Group")
	d.ask("GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "").wants(200).has("name", "User")
	d.ask("GET", "/Schemas/urn:nothing", "").wants(404)
	d.ask("GET", "/Schemas"+filter(`id eq "x"`), "").wants(403)
	d.ask("GET", "/Bulk", "").wants(404)
	d.ask("POST", "/Users", `{"userName":`).wants(400, "invalidSyntax")
	d.ask("POST", "/Users", `{"displayName":"No name"}`).wants(400, "invalidValue")
	d.ask("POST", "/Users", `{"userName":"x","emails":[{"value":"not an address"}]}`).wants(400, "invalidValue")
	d.ask("GET", "/Users"+filter(`userName sw "x"`), "").wants(400, "invalidFilter")
	d.ask("GET", "/Users"+filter(`title eq "x"`), "").wants(400, "invalidFilter")
	d.ask("GET", "/Users/nobody", "").wants(404)
}

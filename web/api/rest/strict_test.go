package rest_test

import (
	"strings"
	"testing"
)

func TestABodyIsReadToTheLetter(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		body, where, what string
	}{
		"an unknown member":    {`{"parent":"` + string(h.Tenant) + `","name":"A","owner":"me"}`, "owner", "is not known here"},
		"another case":         {`{"parent":"` + string(h.Tenant) + `","Name":"A"}`, "Name", "is not known here"},
		"a member twice":       {`{"name":"A","name":"B"}`, "name", "comes twice"},
		"another type":         {`{"name":7}`, "name", "has the wrong form"},
		"no object":            {`["name"]`, "body", "has the wrong form"},
		"half a document":      {`{"name":"A"`, "body", "is not JSON"},
		"more than a document": {`{"name":"A"} {}`, "body", "is not JSON"},
		"a wrong id":           {`{"parent":"../../x","name":"A"}`, "parent", "is not an id"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.homer.odd(t, "POST", "/orgs", c.body).wants(400)
			wrong := a.object()["errors"].([]any)[0].(map[string]any)
			if wrong["where"] != c.where || wrong["what"] != c.what {
				t.Errorf("%s", a.body)
			}
		})
	}
	h.homer.odd(t, "POST", "/orgs", `{}`, "Content-Type", "text/plain").refuses(400, "media-type")
	h.homer.odd(t, "POST", "/orgs", `{"name":"`+strings.Repeat("x", 300<<10)+`"}`).refuses(413, "too-large")
}

// A list could not be written any more in which such a time stood.
func TestATimeIsOneThatCanBeToldAgain(t *testing.T) {
	h := newHouse(t)
	for _, at := range []string{"9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "NaN"} {
		for path, body := range map[string]map[string]any{
			"/orgs/" + string(h.Household) + "/dates": {"until": at}, "/orgs/" + string(h.Household) + "/keys": {"label": "x", "not_before": at},
			"/orgs/" + string(h.Household) + "/roles": {"to": "marge@simps.net", "role": "viewer", "from": at},
		} {
			a := h.homer.odd(t, "POST", path, body).refuses(400, "body-malformed")
			if !strings.Contains(string(a.body), "is not a time like") {
				t.Errorf("%s %s: %s", path, at, a.body)
			}
		}
	}
	for _, list := range []string{"/orgs", "/orgs/" + string(h.Household) + "/keys", "/orgs/" + string(h.Household) + "/people"} {
		h.homer.do(t, "GET", list, nil).wants(200)
	}
}

func TestAnAddressTakesItsOwnParametersOnly(t *testing.T) {
	h := newHouse(t)
	for _, q := range []string{"?stat=active", "?state=gone", "?limit=0", "?limit=201", "?limit=x", "?q=a&q=b", "?org=1", "?q=%00", "?cursor=!!", "?cursor=b3Jncwpw"} {
		if a := h.homer.odd(t, "GET", "/devices"+q, nil); a.status != 400 {
			t.Errorf("%s: %d %s", q, a.status, a.body)
		}
	}
	if page := h.Homer.Get(t, "/api/v1/nothing"); page.Status != 404 || !strings.Contains(page.Body, "urn:halfkey:problem:no-such-page") {
		t.Errorf("even a browser hears a program's words: %d %s", page.Status, page.Body)
	}
	h.homer.odd(t, "GET", "/orgs/..%2f..", nil).refuses(400, "id-malformed")
}

func TestListsComeInPages(t *testing.T) {
	h := newHouse(t)
	for _, s := range []string{"1", "2", "3", "4", "5"} {
		h.Board(t, h.Household, "7474382734"+s, "Thermometer "+s)
	}
	seen := map[string]bool{}
	for at := "/devices" + query("limit", "2", "q", "7474"); at != ""; {
		p := h.homer.do(t, "GET", at, nil).wants(200)
		for _, d := range p.items() {
			seen[d["serial"].(string)] = true
		}
		if at = p.next(); at != "" && !strings.Contains(p.header.Get("Link"), at) {
			t.Errorf("Link is %s, next %s", p.header.Get("Link"), at)
		}
	}
	if len(seen) != 5 {
		t.Fatalf("%v", seen)
	}
	first := h.homer.do(t, "GET", "/orgs"+query("limit", "1"), nil).wants(200)
	if second := h.homer.do(t, "GET", first.next(), nil).wants(200); second.items()[0]["name"] != "Household" {
		t.Fatalf("%s", second.body)
	}
	h.homer.odd(t, "GET", strings.Replace(first.next(), "/orgs", "/devices", 1), nil).refuses(400, "cursor-malformed")
	if n := len(h.marge.do(t, "GET", "/devices", nil).wants(200).items()); n != 5 {
		t.Errorf("Marge sees %d", n)
	}
}

func TestAFormOfAnotherSiteChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.homer.do(t, "POST", "/orgs", map[string]any{"parent": h.Tenant, "name": "Lab", "kind": "plain"}, "Sec-Fetch-Site", "cross-site").refuses(403, "cross-site")
}

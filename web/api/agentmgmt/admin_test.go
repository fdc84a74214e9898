package agentmgmt

import (
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/devices/devicestest"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/peer"
)

func TestAgentsAreListedPagedAndFiltered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		for _, name := range []string{"press 1", "press 2", "feeder", "press_3"} {
			d.made(name, map[bool]agents.Profile{true: agents.RSA3072, false: agents.SharedSecret}[name == "feeder"])
		}
		get := func(query string) (p page) {
			t.Helper()
			d.send("GET", management+"/agents?"+query, d.admin, nil).wants(t, 200).into(t, &p)
			return p
		}
		if p := get(""); p.TotalElements != 4 || p.NumberOfElements != 4 || !p.First || !p.Last || p.TotalPages != 1 || p.Size != 20 {
			t.Errorf("%+v", p)
		}
		p := get("page=1&size=3&sort=entityId,DESC")
		if p.Number != 1 || p.NumberOfElements != 1 || p.First || !p.Last || p.TotalPages != 2 || p.Sort[0].Direction != "DESC" {
			t.Errorf("%+v", p)
		}
		if first := get("sort=entityId,ASC").Content[0]; first.ID != p.Content[0].ID || first.EntityID != first.ID || first.ETag != "1" {
			t.Errorf("%+v", first)
		}
		for filter, want := range map[string]int{
			`{"name":"press 1"}`:                                                    1,
			`{"name":{"startsWith":"press"}}`:                                       3,
			`{"name":{"contains":"ss_"}}`:                                           1,
			`{"name":{"eq":"feeder"},"securityProfile":"SHARED_SECRET"}`:            0,
			`{"and":{"name":{"contains":"e"},"securityProfile":{"eq":"RSA_3072"}}}`: 1,
			`{"and":[{"name":{"startsWith":"press"}},{"name":{"contains":"2"}}]}`:   1,
			`{"name":{"contains":"%"}}`:                                             0,
			``:                                                                      4,
			`{"entityId":"` + string(p.Content[0].ID) + `"}`:                        1,
			`{"name":{"startsWith":"press","contains":"2"},"securityProfile":{"eq":"RSA_3072"}}`: 0,
		} {
			if got := get("filter=" + url.QueryEscape(filter)); got.TotalElements != want {
				t.Errorf("%s: %d, want %d", filter, got.TotalElements, want)
			}
		}
		for query, field := range map[string]string{
			"filter=" + url.QueryEscape(`{"name":`):                                   "filter",
			"filter=" + url.QueryEscape(`{"colour":"red"}`):                           "filter.colour",
			"filter=" + url.QueryEscape(`{"name":{"like":"x"}}`):                      "filter.name.like",
			"filter=" + url.QueryEscape(`{"name":7}`):                                 "filter.name",
			"filter=" + url.QueryEscape(`{"and":{"and":{"and":{"and":{"and":{}}}}}}`): "nested",
			"size=0":       "size",
			"size=501":     "size",
			"page=-1":      "page",
			"sort=colour":  "sort",
			"sort=name,UP": "sort",
		} {
			d.send("GET", management+"/agents?"+query, d.admin, nil).says(t, 400, field)
		}
	})
}

func TestChangesNeedTheNewestETag(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret)
	other := d.made("feeder", agents.SharedSecret)
	put := func(name string, profile agents.Profile, etag string) reply {
		return d.send("PUT", o.at(""), d.admin, wish{Name: name, Profile: string(profile)}, "If-Match", etag)
	}
	var a wireAgent
	put("press 1", agents.SharedSecret, "1").wants(t, 200).into(t, &a)
	if a.ETag != "2" || a.Name != "press 1" {
		t.Fatalf("%+v", a)
	}
	put("press 2", agents.SharedSecret, "1").says(t, 412, "changed")
	put("press 2", agents.SharedSecret, "").says(t, 400, "If-Match")
	put("feeder", agents.SharedSecret, "2").says(t, 409, "name")
	put("", agents.SharedSecret, "2").says(t, 400, "")
	put("press 1", "PLAIN", "2").says(t, 400, "securityProfile")
	o.fetch()
	iat := o.config.IAT
	put("press 1", agents.RSA3072, "2").wants(t, 200) // another profile, another initial token
	if o.fetch(); o.config.IAT == iat || o.config.Profile[0] != agents.RSA3072 {
		t.Errorf("%+v", o.config)
	}
	o.profile = agents.RSA3072
	o.register().wants(t, 201)
	put("press 1", agents.SharedSecret, "3").says(t, 409, "onboarded")
	put("Press one", agents.RSA3072, `"3"`).wants(t, 200)
	// Renamed on a page, it has another eTag too.
	v, err := d.Agents.Get(as(d), agents.ID(o.id))
	must(t, err)
	must(t, d.Rename(as(d), v.Device, "Press two"))
	if d.send("GET", o.at(""), d.admin, nil).into(t, &a); a.ETag != "5" || a.Name != "Press two" {
		t.Errorf("%+v", a)
	}
	if err := d.Rename(as(d), v.Device, "feeder"); err == nil {
		t.Error("two agents of one name")
	}
	d.send("POST", management+"/agents", d.admin, wish{Name: "x", Profile: "RSA_3072", EntityID: other.id}).says(t, 409, "id")
	d.send("POST", management+"/agents", d.admin, wish{Name: "x", Profile: "RSA_3072", EntityID: strings.Repeat("0", 32)}).says(t, 400, "entityId")
	d.send("POST", management+"/agents", d.admin, `{"name":`).says(t, 400, "JSON")
	d.send("POST", management+"/agents", d.admin, `{}`, "Content-Type", "text/plain").says(t, 400, "Content-Type")
	d.send("PATCH", o.at(""), d.admin, nil).says(t, 405, "method")
	d.send("GET", management+"/register/"+o.id, "", nil).says(t, 405, "method")
}

// An agent is a device: seen, moved, explained and removed like any other.
func TestAnAgentIsADevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		o := d.made("press", agents.SharedSecret)
		list, err := d.List(as(d), devices.Filter{State: devices.Announced})
		if err != nil || len(list) != 1 || list[0].Name != "press" || list[0].Serial != o.id || list[0].Presence != devices.NoReadingYet || list[0].Kind != "agent" {
			t.Fatalf("%+v %v", list, err)
		}
		id := list[0].ID
		o.board()
		if v, err := d.Service.Get(as(d), id); err != nil || v.State != devices.Active || v.Boarded.IsZero() || v.Address != "127.0.0.1" {
			t.Errorf("%+v %v", v, err)
		}
		o.configure(t, points("a", "b", "c", "d", "e", "f", "g", "h", "i"), "0").wants(t, 200)
		must(t, d.Move(as(d), id, d.Household, orgs.With{}))
		var places []string
		must(t, d.DB.Raw("SELECT DISTINCT org_id FROM channels").Scan(&places).Error)
		if len(places) != 1 || places[0] != string(d.Household) {
			t.Errorf("its channels lie in %v", places)
		}
		marge := devicestest.As(t, d.Marge)
		if _, err := d.Agents.Get(marge, agents.ID(o.id)); err != nil {
			t.Errorf("who belongs to the place does not see it: %v", err)
		}
		must(t, d.Suspend(as(d), id))
		must(t, d.Suspend(as(d), id))
		d.send("POST", o.at("/boarding/offboard"), d.admin, nil).wants(t, 200)
		o.fetch()
		o.register().fails(t, 401, "token_validation_failed") // still suspended
		must(t, d.Resume(as(d), id))
		if v, _ := d.Service.Get(as(d), id); v.State != devices.Announced {
			t.Errorf("resumed, it is %s", v.State)
		}
		o.board()
		access := o.token()
		must(t, d.Retire(as(d), id, o.id))
		d.send("GET", o.at("/boarding/status"), access, nil).says(t, 401, "")
		d.send("GET", o.at(""), d.admin, nil).says(t, 404, "")
		o.renew(o.creds.RAT).fails(t, 401, "token_validation_failed")
		history, err := d.History(as(d), id, 0)
		must(t, err)
		var verbs []string
		for _, h := range history {
			verbs = append(verbs, h.Verb)
		}
		if got := strings.Join(verbs, " "); !strings.HasSuffix(got, "device.move agent.configure agent.token agent.register agent.boarding agent.create") || !strings.HasPrefix(got, "device.retire") {
			t.Error(got)
		}
	})
}

func TestWhoMayWhatWithAgents(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	access := o.token()
	other := d.made("other", agents.SharedSecret).board()
	as := func(role policies.Role) string {
		id, secret := d.Program(t, d.Simpsons, role)
		return d.login(id, secret)
	}
	id, secret := d.Program(t, d.Flander, policies.Owner)
	stranger := d.login(id, secret)
	viewer, auditor := as(policies.Viewer), as(policies.Auditor)
	for _, c := range []struct {
		who, method, path string
		bearer            string
		status            int
	}{
		{"nobody", "GET", o.at(""), "", 401},
		{"junk", "GET", o.at(""), "hk_junk", 401},
		{"a viewer reads", "GET", o.at(""), viewer, 200},
		{"a viewer reads", "GET", o.at("/boarding/status"), viewer, 200},
		{"a viewer reads", "GET", o.at("/dataSourceConfiguration"), viewer, 200},
		{"a viewer boards", "GET", o.at("/boarding/configuration"), viewer, 403},
		{"a viewer offboards", "POST", o.at("/boarding/offboard"), viewer, 403},
		{"a viewer makes", "POST", management + "/agents", viewer, 403},
		{"an auditor looks", "GET", o.at("/boarding/configuration"), auditor, 403},
		{"an auditor looks", "GET", filing + "/files/" + o.id, auditor, 403},
		{"the neighbour", "GET", o.at(""), stranger, 404},
		{"the neighbour", "POST", o.at("/boarding/offboard"), stranger, 404},
		{"the neighbour", "GET", filing + "/files/" + o.id, stranger, 404},
		{"the agent itself", "GET", o.at("/status"), access, 200},
		{"the agent itself", "GET", o.at("/dataSourceConfiguration"), access, 200},
		{"the agent itself", "GET", o.at(""), access, 403},
		{"the agent itself", "POST", o.at("/boarding/offboard"), access, 403},
		{"another agent", "GET", other.at("/dataSourceConfiguration"), access, 403},
		{"another agent", "GET", filing + "/files/" + other.id, access, 403},
		{"an administrator exchanges", "POST", connect + "/exchange", d.admin, 403},
		{"the initial token", "GET", o.at("/status"), o.config.IAT, 401},
		{"the registration token", "GET", o.at("/status"), o.creds.RAT, 401},
	} {
		if c.method == "POST" && c.path == management+"/agents" {
			d.send(c.method, c.path, c.bearer, wish{Name: "x", Profile: "RSA_3072"}).says(t, c.status, "")
			continue
		}
		r := d.send(c.method, c.path, c.bearer, nil)
		if r.Code != c.status {
			t.Errorf("%s: %s %s is %d %s, want %d", c.who, c.method, c.path, r.Code, r.Body, c.status)
		}
		if c.status == 401 && r.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", c.who)
		}
	}
	var p page
	if d.send("GET", management+"/agents", stranger, nil).into(t, &p); p.TotalElements != 0 {
		t.Error("the neighbour sees agents")
	}
}

func TestAServiceAccountsTokenEndsWithWhatItWasGivenFor(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	id, secret := d.Program(t, d.Simpsons, policies.Integrator)
	access := d.login(id, secret)
	d.send("GET", management+"/agents", access, nil).wants(t, 200)
	d.send("GET", management+"/agents", secret, nil).wants(t, 200) // an API token does as it stands
	must(t, d.DB.Exec("UPDATE api_tokens SET revoked_at = 1 WHERE subject_id = ?", id).Error)
	must(t, d.DB.Exec("UPDATE authz_version SET version = version + 1").Error)
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader("grant_type=client_credentials"))
	r.SetBasicAuth(id, secret)
	r.Header.Set("Content-Type", formType)
	eventually(t, func() bool { return d.send("GET", management+"/agents", access, nil).Code == 401 })
	if got := d.serve(r); got.Code != 401 || !strings.Contains(got.Body.String(), `"invalid_client"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// eventually waits for what other replicas and memories need half a second for.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 200 {
		if holds() {
			return
		}
		sleep()
	}
	t.Fatal("it does not come about")
}

func TestASizeBoundsTheNumberOfAgents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		terms := agents.DefaultTerms
		terms.Size = "XXS"
		if err := d.Agents.SetSize(as(d), d.Simpsons, "XL"); err == nil {
			t.Fatal("an owner gives himself another size")
		}
		d.Set(t, terms)
		must(t, d.Agents.SetTerms(as(d), d.Simpsons, agents.Terms{Size: "XL", Alg: terms.Alg, Token: terms.Token, Replays: true})) // and neither in passing
		d.made("one", agents.SharedSecret)
		two := d.made("two", agents.SharedSecret)
		d.send("POST", management+"/agents", d.admin, wish{Name: "three", Profile: "RSA_3072"}).says(t, 409, "XXS has room for 2")
		d.send("DELETE", two.at(""), d.admin, nil, "If-Match", "1").wants(t, 204)
		d.made("three", agents.SharedSecret)
	})
}

// Plain HTTP is answered on this machine; elsewhere where a setting allows it, or
// a trusted proxy says that it was HTTPS on its far side.
func TestPlainHTTPFromElsewhereIsRefusedUnread(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	assertion := o.assertion(o.claims())
	d.from = "192.0.2.7:4711"
	o.ask(assertion).says(t, 403, "HTTPS")
	r := httptest.NewRequest("POST", management+"/register", unreadable{t})
	d.serve(r).says(t, 403, "HTTPS")
	open := agentHandler(d.House)
	open.Trusted, _ = peer.ParseTrusted([]string{"192.0.2.7"})
	d.echo = d.doors(d.House, open)
	o.ask(assertion).says(t, 403, "HTTPS") // the proxy says nothing of HTTPS
	r = httptest.NewRequest("POST", management+"/oauth/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}.Encode()))
	r.Header.Set("Content-Type", formType)
	r.Header.Set("X-Forwarded-For", "198.51.100.1")
	r.Header.Set("X-Forwarded-Proto", "https")
	d.serve(r).wants(t, 200)
	open = agentHandler(d.House)
	open.AcceptPlain = true
	d.echo = d.doors(d.House, open)
	o.ask(o.assertion(o.claims())).wants(t, 200)
}

// unreadable fails the test when somebody reads it.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// A client whose answers get lost sends twenty renewals and ten token requests
// within a minute; and nobody is locked for failing.
func TestRetryStormsPassAndFloodsDoNot(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	for range 20 {
		o.renewed()
	}
	for range 10 {
		o.token()
	}
	for i := range 100 { // junk in the agent's name, from elsewhere
		d.from = fmt.Sprintf("127.0.0.%d:1", 2+i%3)
		o.ask(o.assertion(o.claims()) + "x")
	}
	d.from = "127.0.0.2:1"
	r := o.ask(o.assertion(o.claims()))
	if r.Code == 200 {
		for r.Code == 200 {
			r = o.ask(o.assertion(o.claims()))
		}
	}
	r.fails(t, 429, "slow_down")
	if r.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	d.from = "127.0.0.1:4711"
	o.token()
	d.Clock.Pass(61e9)
	d.from = "127.0.0.2:1"
	o.token()
}

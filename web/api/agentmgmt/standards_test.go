package agentmgmt

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"gorm.io/gorm"

	"halfkey/devices/agents"
	"halfkey/devices/devicestest"
	"halfkey/iam/token"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
)

// asProgram sends a form as a service account does.
func (d *door) asProgram(path, id, secret string, form url.Values) reply {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", formType)
	if id != "" {
		r.SetBasicAuth(id, secret)
	}
	return d.serve(r)
}

func TestTheServerDescribesItself(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	var m map[string]any
	d.send("GET", "/.well-known/oauth-authorization-server", "", nil).wants(t, 200).into(t, &m)
	for name, path := range map[string]string{"issuer": "", "token_endpoint": "/oauth/token", "jwks_uri": "/.well-known/jwks.json",
		"introspection_endpoint": "/oauth/introspect", "revocation_endpoint": "/oauth/revoke", "registration_endpoint": management + "/register"} {
		if m[name] != "http://halfkey.lan:8080"+path {
			t.Errorf("%s is %v", name, m[name])
		}
		if path != "" && d.send("OPTIONS", path, "", nil).Code == 404 {
			t.Errorf("nothing is at %s", path)
		}
	}
}

// A library that is not ours checks a token with the published keys.
func TestAnotherLibraryChecksOurTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		o := d.made("press", agents.RSA3072).board()
		access := o.token()
		var keys jose.JSONWebKeySet
		d.send("GET", "/.well-known/jwks.json", "", nil).wants(t, 200).into(t, &keys)
		if len(keys.Keys) != 1 || keys.Keys[0].Algorithm != "ES256" || !keys.Keys[0].IsPublic() {
			t.Fatalf("%+v", keys)
		}
		must(t, d.DB.Transaction(func(tx *gorm.DB) error { return d.Agents.Keys.Rotate(t.Context(), tx, "", token.ES256) }))
		eventually(t, func() bool {
			d.send("GET", "/.well-known/jwks.json", "", nil).into(t, &keys)
			return len(keys.Keys) == 2
		})
		for _, raw := range []string{access, o.token()} { // signed by the old key, and by the new one
			signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256})
			must(t, err)
			if _, err := signed.Verify(keys.Key(signed.Signatures[0].Header.KeyID)[0]); err != nil {
				t.Error(err)
			}
			d.send("GET", o.at("/status"), raw, nil).wants(t, 200)
		}
		var list struct{ Keys []struct{ Kid, Value string } }
		d.send("GET", "/token_keys", "", nil).wants(t, 200).into(t, &list)
		head, _, err := jwt.NewParser().ParseUnverified(o.token(), jwt.MapClaims{})
		must(t, err)
		if list.Keys[0].Kid != head.Header["kid"] || strings.Count(list.Keys[0].Value, "\n") < 3 {
			t.Errorf("the first key is not the one that signs: %+v", list)
		}
		d.Clock.Pass(token.Overlap)
		d.again()
		eventually(t, func() bool {
			d.send("GET", "/.well-known/jwks.json", "", nil).into(t, &keys)
			return len(keys.Keys) == 1
		})
		d.Clock.Pass(2 * token.Overlap)
		must(t, d.Agents.Sweep(t.Context()))
		var n int
		if d.DB.Raw("SELECT COUNT(*) FROM signing_keys").Scan(&n); n != 1 {
			t.Errorf("%d keys are kept", n)
		}
	})
}

// A tenant that asks for RS256 has a key and an address of its own.
func TestATenantSignsWithRS256(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	before := d.made("before", agents.SharedSecret).board()
	old := before.token()
	terms := agents.DefaultTerms
	terms.Alg, terms.Token = token.RS256, 30*60e9
	must(t, d.Agents.SetTerms(as(d), d.Simpsons, terms))
	eventually(t, func() bool {
		x, err := d.Agents.TermsOf(t.Context(), d.Simpsons)
		return err == nil && x.Alg == token.RS256
	})
	o := d.made("press", agents.SharedSecret).board()
	own := "http://halfkey.lan:8080/tenants/" + string(d.Simpsons)
	if o.config.BaseURL != own || o.creds.URI != own+management+"/register/"+o.id {
		t.Fatalf("%+v %+v", o.config, o.creds)
	}
	path := strings.TrimPrefix(own, "http://halfkey.lan:8080")
	var k tokenKeyAnswer
	d.send("GET", path+management+"/oauth/token_key", "", nil).wants(t, 200).into(t, &k)
	key, err := jwt.ParseRSAPublicKeyFromPEM([]byte(strings.NewReplacer("KEY-----", "KEY-----\n", "-----END", "\n-----END").Replace(k.Value)))
	if err != nil || k.Alg != token.RS256 || k.Kty != "RSA" || key.N.BitLen() < 2048 {
		t.Fatalf("%+v %v", k, err)
	}
	access := o.token()
	if _, err := jwt.Parse(access, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithTimeFunc(d.Now)); err != nil {
		t.Error(err)
	}
	d.send("GET", path+o.at("/status"), access, nil).wants(t, 200)
	d.send("GET", before.at("/status"), old, nil).wants(t, 200) // given before
	// Who was boarded before looks for the platform's key still, and finds it.
	var g granted
	before.ask(before.assertion(before.claims())).wants(t, 200).into(t, &g)
	before.checks(g)
	o.creds.URI = strings.TrimPrefix(o.creds.URI, path)
	o.renewed()
	// The neighbour's key says nothing about this tenant's agents.
	must(t, d.Agents.SetTerms(devicestest.As(t, d.Ned), d.Flander, terms))
	var claims map[string]any
	if _, err := d.Agents.Keys.Verify(t.Context(), access, &claims); err != nil {
		t.Fatal(err)
	}
	forged, err := d.Agents.Keys.Sign(t.Context(), d.Flander, claims)
	must(t, err)
	d.send("GET", o.at("/status"), forged, nil).says(t, 401, "")
}

func TestIntrospectionTellsAcceptedOrNot(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	access := o.token()
	id, secret := d.Program(t, d.Simpsons, policies.Viewer)
	strangerID, strangerSecret := d.Program(t, d.Flander, policies.Owner)
	ask := func(id, secret, raw string) string {
		t.Helper()
		return strings.TrimSpace(d.asProgram("/oauth/introspect", id, secret, url.Values{"token": {raw}}).wants(t, 200).Body.String())
	}
	const yes, no = `{"active":true}`, `{"active":false}`
	for _, c := range []struct{ who, secret, token, want string }{
		{id, secret, access, yes}, {strangerID, strangerSecret, access, no}, {id, secret, access + "x", no}, {id, secret, "junk", no},
		{id, secret, o.creds.RAT, no}, {id, secret, o.config.IAT, no}, {id, secret, d.admin, yes}, {strangerID, strangerSecret, d.admin, no},
	} {
		if got := ask(c.who, c.secret, c.token); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	for _, r := range []reply{d.asProgram("/oauth/introspect", "", "", url.Values{"token": {access}}), d.asProgram("/oauth/introspect", id, "wrong", url.Values{"token": {access}})} {
		if r.Code != 401 || !strings.Contains(r.Body.String(), `"invalid_client"`) {
			t.Errorf("%d %s", r.Code, r.Body)
		}
	}
	d.asProgram("/oauth/introspect", id, secret, url.Values{}).wants(t, 400)
	d.send("POST", o.at("/boarding/offboard"), d.admin, nil).wants(t, 200)
	if got := ask(id, secret, access); got != no {
		t.Error(got)
	}
}

func TestARevokedTokenIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		o := d.made("press", agents.SharedSecret).board()
		access, second := o.token(), o.token()
		id, secret := d.Program(t, d.Simpsons, policies.Integrator)
		viewerID, viewerSecret := d.Program(t, d.Simpsons, policies.Viewer)
		mine := d.login(id, secret)
		revoke := func(id, secret, raw string) {
			t.Helper()
			d.asProgram("/oauth/revoke", id, secret, url.Values{"token": {raw}}).wants(t, 200)
		}
		revoke(viewerID, viewerSecret, access) // may not, and does not learn that
		d.send("GET", o.at("/status"), access, nil).wants(t, 200)
		revoke(id, secret, access)
		d.send("GET", o.at("/status"), access, nil).says(t, 401, "")
		d.send("GET", o.at("/status"), second, nil).wants(t, 200)
		revoke(viewerID, viewerSecret, mine)
		d.send("GET", management+"/agents", mine, nil).wants(t, 200)
		revoke(id, secret, mine)
		d.send("GET", management+"/agents", mine, nil).says(t, 401, "")
		revoke(id, secret, "junk")
		d.Clock.Pass(devicestest.Day)
		must(t, d.Agents.Sweep(t.Context()))
		var n int
		if d.DB.Raw("SELECT COUNT(*) FROM agent_assertions").Scan(&n); n != 0 {
			t.Errorf("%d revocations and assertions are kept for ever", n)
		}
	})
}

// Some clients use one jti for all; their tenant may allow it.
func TestReplaysAreATenantsChoice(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	terms := agents.DefaultTerms
	terms.Replays = true
	d.Set(t, terms)
	o := d.made("press", agents.SharedSecret).board()
	c := o.claims()
	delete(c, "jti")
	for range 2 {
		o.ask(o.assertion(c)).wants(t, 200)
	}
}

func TestTermsThatCannotBeKept(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	for _, change := range []func(*agents.Terms){func(x *agents.Terms) { x.Alg = "EdDSA" }, func(x *agents.Terms) { x.Token = 1e9 }} {
		terms := agents.DefaultTerms
		change(&terms)
		if err := d.Agents.SetTerms(as(d), d.Simpsons, terms); err == nil {
			t.Errorf("%+v is taken", terms)
		}
	}
	if err := d.Agents.SetTerms(devicestest.As(t, d.Marge), d.Simpsons, agents.Terms{Alg: token.RS256, Token: agents.DefaultTerms.Token}); err == nil {
		t.Error("a member changes terms")
	}
}

package agentmgmt

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/devices/agents"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// From nothing to an access token, as both clients go, in both profiles.
func TestAnAgentComesAboard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		each(t, func(t *testing.T, profile agents.Profile, likeC bool) {
			o := d.made("press "+string(profile)+map[bool]string{true: " c"}[likeC], profile)
			o.likeC = likeC
			o.fetch()
			first := o.config
			if o.fetch(); o.config.IAT != first.IAT {
				t.Error("another initial token at the second look")
			}
			if len(o.config.IAT) > 2048 || o.config.BaseURL != "http://halfkey.lan:8080" || len(o.config.Profile) != 1 || o.config.ClientID != agents.ID(o.id) {
				t.Errorf("%+v", o.config)
			}
			r := o.register().wants(t, 201)
			r.into(t, &o.creds)
			if r.Header().Get("Cache-Control") != "no-store" || o.creds.ExpiresAt != d.Now().Add(agents.Life).Unix() || o.creds.ClientID != o.id ||
				(o.creds.Secret == "") != (profile == agents.RSA3072) || o.creds.URI != "http://halfkey.lan:8080"+management+"/register/"+o.id {
				t.Errorf("%s %+v", r.Header(), o.creds)
			}
			var g granted
			answer := o.ask(o.assertion(o.claims())).wants(t, 200)
			answer.into(t, &g)
			if g.ExpiresIn != 3600 || g.TokenType != "Bearer" || g.Scope[0] != "mdsp:core:DefaultAgent" || answer.Header().Get("Server-Time") == "" {
				t.Errorf("%+v", g)
			}
			o.checks(g)
			o.register().fails(t, 401, "token_validation_failed") // used
			d.send("GET", o.at("/boarding/configuration"), d.admin, nil).says(t, 409, "onboarded")
			var s boardingState
			if d.send("GET", o.at("/boarding/status"), g.AccessToken, nil).wants(t, 200).into(t, &s); s.Status != agents.Onboarded {
				t.Error(s)
			}
		})
	})
}

// checks verifies the access token as the Node client does: with the one-line
// key, and nothing pinned.
func (o *onboarded) checks(g granted) {
	t := o.d.t
	t.Helper()
	var k tokenKeyAnswer
	o.d.send("GET", management+"/oauth/token_key", "", nil).wants(t, 200).into(t, &k)
	if strings.Contains(k.Value, "\n") || k.Kty != "EC" || k.X == "" {
		t.Fatalf("%+v", k)
	}
	text := strings.NewReplacer("-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----", "\n-----END PUBLIC KEY-----").Replace(k.Value)
	key, err := jwt.ParseECPublicKeyFromPEM([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	_, err = jwt.ParseWithClaims(g.AccessToken, &claims, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithTimeFunc(o.d.Now))
	if err != nil || claims["sub"] != o.id || claims["nbf"] != nil || claims["ten"] != o.config.Tenant || claims["jti"] != g.JTI || claims["iss"] != "http://halfkey.lan:8080/api/agentmanagement/" {
		t.Fatalf("%v %v", claims, err)
	}
}

func TestOffboardEndsEverythingAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		o := d.made("press", agents.RSA3072).board()
		access, rat, iat := o.token(), o.creds.RAT, o.config.IAT
		d.send("GET", o.at("/boarding/status"), access, nil).wants(t, 200)
		var s boardingState
		d.send("POST", o.at("/boarding/offboard"), d.admin, nil).wants(t, 200).into(t, &s)
		if s.Status != agents.NotOnboarded {
			t.Error(s)
		}
		d.send("GET", o.at("/boarding/status"), access, nil).says(t, 401, "token")
		o.renew(rat).fails(t, 401, "token_validation_failed")
		o.ask(o.assertion(o.claims())).fails(t, 400, "invalid_client")
		d.send("POST", o.at("/boarding/offboard"), d.admin, nil).says(t, 409, "not onboarded")
		if d.send("GET", o.at("/boarding/status"), d.admin, nil).wants(t, 200).into(t, &s); s.Status != agents.Onboarding {
			t.Error(s)
		}
		o.config.IAT = iat
		o.register().fails(t, 401, "token_validation_failed")
		if o.board(); o.config.IAT == iat {
			t.Error("the same initial token again")
		}
		d.send("GET", o.at("/boarding/status"), access, nil).says(t, 401, "token") // of an earlier life
		d.send("GET", o.at("/boarding/status"), o.token(), nil).wants(t, 200)
	})
}

func TestASuspendedAgentKeepsItsRegistrationAndGetsNoToken(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	access := o.token()
	a, err := d.Agents.Get(as(d), agents.ID(o.id))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Suspend(as(d), a.Device); err != nil {
		t.Fatal(err)
	}
	o.ask(o.assertion(o.claims())).fails(t, 400, "invalid_client")
	d.send("GET", o.at("/boarding/status"), access, nil).says(t, 401, "")
	o.renewed()
	if err := d.Resume(as(d), a.Device); err != nil {
		t.Fatal(err)
	}
	o.token()
}

// What cannot be read leaves the initial token as it is.
func TestABadRegistrationBurnsNothing(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.RSA3072).fetch()
	weak := map[string]any{"jwks": map[string]any{"keys": []any{map[string]string{"kty": "RSA", "n": "sXch", "e": "AQAB"}}}}
	two := o.metadata("")
	keys := two["jwks"].(map[string]any)["keys"].([]any)
	two["jwks"].(map[string]any)["keys"] = append(keys, keys[0])
	for name, body := range map[string]any{"none": "", "no JSON": "{", "no key": "{}", "weak": weak, "two keys": two,
		"an EC key": `{"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}}`, "an array": "[]"} {
		t.Run(name, func(t *testing.T) {
			d.send("POST", management+"/register", o.config.IAT, body).fails(t, 400, "invalid_client_metadata")
		})
	}
	d.send("POST", management+"/register", o.config.IAT, strings.Repeat(" ", metadataMost+1)).fails(t, 413, "invalid_request")
	o.register().wants(t, 201)
}

func TestWrongTokensAtTheRegistrationDoor(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).fetch()
	other := d.made("other", agents.SharedSecret).board()
	forged := o.config.IAT[:strings.LastIndexByte(o.config.IAT, '.')+1]
	for name, bearer := range map[string]string{"none": "", "garbled": "a.b.c", "no signature": forged, "another signature": forged + "AAAA",
		"a registration token": other.creds.RAT, "an access token": other.token(), "of somebody aboard": other.config.IAT, "an administrator's": d.admin} {
		t.Run(name, func(t *testing.T) {
			r := d.send("POST", management+"/register", bearer, "{}", "Correlation-ID", "0123456789abcdef")
			r.fails(t, 401, "token_validation_failed")
			if r.Body.String() != `{"error":"token_validation_failed","error_description":"[0123456789abcdef]"}`+"\n" || r.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Error(r.Body, r.Header())
			}
		})
	}
	d.Clock.Pass(week)
	d.again()
	old := o.config.IAT
	o.register().fails(t, 401, "token_validation_failed") // over
	if o.fetch(); o.config.IAT == old {
		t.Fatal("the initial token that is over is handed out again")
	}
	o.register().wants(t, 201)
}

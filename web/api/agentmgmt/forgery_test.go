package agentmgmt

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/devices/agents"
	"halfkey/devices/devicestest"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// Whoever forges hears one wording whatever he tried; the trail has the cause.
func TestForgedAssertionsAreRefusedAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		for i, profile := range []agents.Profile{agents.SharedSecret, agents.RSA3072} {
			o := d.made("press "+string(profile), profile).board()
			other := d.made("other "+string(profile), profile)
			other.key = keyPairs[1]()
			other.board()
			for cause, forged := range forgeries(o, other) {
				t.Run(string(profile)+"/"+cause, func(t *testing.T) {
					r := o.ask(forged)
					r.fails(t, 400, "invalid_client")
					var f oauthFailure
					if r.into(t, &f); f.Description != "["+f.Description[1:len(f.Description)-1]+"]" {
						t.Error(f.Description)
					}
				})
			}
			good := o.assertion(o.claims())
			o.ask(good).wants(t, 200)
			o.ask(good).fails(t, 400, "invalid_client") // replayed
			if i == 0 {
				continue
			}
			causes := strings.Join(d.Causes(t), " ")
			for _, want := range []string{"alg-wrong", "signature-wrong", "iss-wrong", "sub-wrong", "aud-wrong", "ten-wrong", "assertion-expired", "assertion-too-early",
				"exp-too-far", "exp-missing", "jti-wrong", "header-forbidden", "agent-unknown", "assertion-unreadable", "replayed"} {
				if !strings.Contains(causes, want) {
					t.Errorf("the trail does not say %q: %s", want, causes)
				}
			}
		}
	})
}

// forgeries of o's assertion; other is an agent with credentials of its own.
func forgeries(o, other *onboarded) map[string]string {
	with := func(name string, value any) string {
		c := o.claims()
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return o.assertion(c)
	}
	now := o.d.Now().Unix()
	public := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&o.key.PublicKey)})
	all := map[string]string{
		"iss":                   with("iss", other.id),
		"sub":                   with("sub", other.id),
		"sub of nobody":         with("sub", "homer"),
		"no sub":                with("sub", nil),
		"aud":                   with("aud", []string{"northgate"}),
		"no aud":                with("aud", nil),
		"ten":                   with("ten", "flanders"),
		"no ten":                with("ten", nil),
		"expired":               with("exp", now-61),
		"no exp":                with("exp", nil),
		"a century":             with("exp", now+100*365*86400),
		"exp beyond all bounds": with("exp", 1e300),
		"negative":              with("exp", -1),
		"too early":             with("nbf", now+61),
		"issued tomorrow":       with("iat", now+86400),
		"no jti":                with("jti", nil),
		"a long jti":            with("jti", strings.Repeat("j", 256)),
		"jti is a number":       with("jti", 7),
		"HS256 with the key":    o.signed(jwt.SigningMethodHS256, public, o.claims()),
		"HS256 with the PEM":    o.signed(jwt.SigningMethodHS256, bytes.TrimSpace(public), o.claims()),
		"HS256 with nothing":    o.signed(jwt.SigningMethodHS256, []byte{}, o.claims()),
		"HS512":                 o.signed(jwt.SigningMethodHS512, []byte(o.creds.Secret), o.claims()),
		"PS256":                 o.signed(jwt.SigningMethodPS256, o.key, o.claims()),
		"RS512":                 o.signed(jwt.SigningMethodRS512, o.key, o.claims()),
		"alg none":              o.signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, o.claims()),
		"no signature":          strings.TrimRight(with("x", 1), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		"four parts":            o.assertion(o.claims()) + ".a",
		"two parts":             "a.b",
		"too long":              o.assertion(o.claims()) + strings.Repeat("A", 9000),
		"an access token":       o.token(),
		"a registration token":  o.creds.RAT,
	}
	// another agent's key, in this one's name
	theirs := *other
	theirs.id, theirs.config = o.id, o.config
	all["another's key"] = theirs.assertion(theirs.claims())
	unknown := *o
	unknown.id = strings.Repeat("0", 32)
	all["unknown agent"] = unknown.assertion(unknown.claims())
	headers := map[string]any{"jku": "https://evil.example/keys", "jwk": map[string]string{"kty": "RSA"}, "x5u": "https://evil.example/x", "x5c": []string{"x"}, "crit": []string{"exp"}}
	for name, value := range headers {
		all["header "+name] = o.withHeader(name, value, o.key, []byte(o.creds.Secret))
	}
	// a kid that points elsewhere does not choose the key
	all["kid of another"] = o.withHeader("kid", "../"+other.id, other.key, []byte(other.creds.Secret+"x"))
	return all
}

// withHeader signs a good assertion with one more header.
func (o *onboarded) withHeader(name string, value any, key any, secret []byte) string {
	method := jwt.SigningMethod(jwt.SigningMethodRS384)
	if o.profile == agents.SharedSecret {
		method, key = jwt.SigningMethodHS256, secret
	}
	token := jwt.NewWithClaims(method, o.claims())
	token.Header[name] = value
	text, err := token.SignedString(key)
	if err != nil {
		o.d.t.Fatal(err)
	}
	return text
}

// A kid says nothing: the key is the agent's.
func TestAHonestKidDoesNoHarm(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.RSA3072).board()
	o.ask(o.withHeader("kid", "mindconnect-key-1", o.key, nil)).wants(t, 200)
}

func TestTheTokenFormIsReadStrictly(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	good := func() url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {o.assertion(o.claims())}}
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		code   string
	}{
		"no grant":          {func(f url.Values) { f.Del("grant_type") }, "invalid_request"},
		"another grant":     {func(f url.Values) { f.Set("grant_type", "password") }, "unsupported_grant_type"},
		"no assertion":      {func(f url.Values) { f.Del("client_assertion") }, "invalid_request"},
		"no assertion type": {func(f url.Values) { f.Del("client_assertion_type") }, "invalid_request"},
		"another type":      {func(f url.Values) { f.Set("client_assertion_type", "urn:x") }, "invalid_request"},
		"twice":             {func(f url.Values) { f.Add("client_assertion", "x") }, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			c.change(f)
			d.form(management+"/oauth/token", f).fails(t, 400, c.code)
		})
	}
	d.send("POST", management+"/oauth/token", "", good().Encode()).fails(t, 400, "invalid_request") // as JSON
	o.askRaw("%zz").fails(t, 400, "invalid_request")
	o.askRaw(strings.Repeat("a", formMost+1)).fails(t, 413, "invalid_request")
	d.form(management+"/oauth/token", good()).wants(t, 200)
}

func TestADeletedAgentIsNobody(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	d.send("DELETE", o.at(""), d.admin, nil, "If-Match", "1").says(t, 409, "onboarded")
	access := o.token()
	d.send("POST", o.at("/boarding/offboard"), d.admin, nil).wants(t, 200)
	o.fetch()
	d.send("DELETE", o.at(""), d.admin, nil, "If-Match", "7").says(t, 412, "changed")
	d.send("DELETE", o.at(""), d.admin, nil, "If-Match", "1").wants(t, 204)
	o.register().fails(t, 401, "token_validation_failed")
	o.ask(o.assertion(o.claims())).fails(t, 400, "invalid_client")
	d.send("GET", o.at("/boarding/status"), access, nil).says(t, 401, "")
	d.send("GET", o.at(""), d.admin, nil).says(t, 404, "no such agent")
	d.made("press", agents.SharedSecret) // its name is free again
}

func TestCredentialsEndAndTheRegistrationTokenDoesNot(t *testing.T) {
	each(t, func(t *testing.T, profile agents.Profile, likeC bool) {
		d := open(t, dbtest.SQLite(t))
		o := d.made("press", profile)
		o.likeC = likeC
		o.board()
		d.Clock.Pass(agents.Life + time.Second)
		o.ask(o.assertion(o.claims())).fails(t, 400, "invalid_client") // 400 tells the C client to rotate
		d.Clock.Pass(365 * devicestest.Day)
		o.renewed()
		o.token()
	})
}

package agentmgmt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/devices/agents"
)

// An onboarded is an agent as it sees itself: what it was given, and its key.
type onboarded struct {
	d       *door
	id      string
	profile agents.Profile
	config  wireContent
	creds   registered
	key     *rsa.PrivateKey
	likeC   bool // padding, aud as a text, RS256, 24 hours, raw forms
}

// keyPairs are made once a process; they take a while.
var keyPairs = [...]func() *rsa.PrivateKey{keyPair(), keyPair()}

func keyPair() func() *rsa.PrivateKey {
	return sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 3072)
		if err != nil {
			panic(err)
		}
		return k
	})
}

// made creates an agent over the API.
func (d *door) made(name string, profile agents.Profile) *onboarded {
	d.t.Helper()
	var a wireAgent
	d.send("POST", management+"/agents", d.admin, wish{Name: name, Profile: string(profile)}).wants(d.t, 201).into(d.t, &a)
	return &onboarded{d: d, id: string(a.ID), profile: profile, key: keyPairs[0]()}
}

func (o *onboarded) at(path string) string { return management + "/agents/" + o.id + path }

// fetch takes the boarding configuration as its owner does.
func (o *onboarded) fetch() *onboarded {
	o.d.t.Helper()
	var c wireConfig
	o.d.send("GET", o.at("/boarding/configuration"), o.d.admin, nil).wants(o.d.t, 200).into(o.d.t, &c)
	o.config = c.Content
	return o
}

// board is what brings an agent from nothing to its credentials.
func (o *onboarded) board() *onboarded {
	o.d.t.Helper()
	o.fetch()
	o.register().wants(o.d.t, 201).into(o.d.t, &o.creds)
	return o
}

func (o *onboarded) register() reply {
	return o.d.send("POST", management+"/register", o.config.IAT, o.metadata(""))
}

// metadata is the body of a registration. The Node client sends a zero octet
// before the modulus.
func (o *onboarded) metadata(clientID string) map[string]any {
	m := map[string]any{}
	if clientID != "" {
		m["client_id"] = clientID
	}
	if o.profile == agents.RSA3072 {
		n := o.key.N.Bytes()
		if !o.likeC {
			n = append([]byte{0}, n...)
		}
		m["jwks"] = map[string]any{"keys": []any{map[string]string{"kty": "RSA", "kid": "mindconnect-key-1",
			"n": base64.RawURLEncoding.EncodeToString(n), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(o.key.E)).Bytes())}}}
	}
	return m
}

func (o *onboarded) renew(rat string) reply {
	o.d.t.Helper()
	path := strings.TrimPrefix(o.creds.URI, "http://halfkey.lan:8080")
	return o.d.send("PUT", path, rat, o.metadata(o.id))
}

// renewed keeps the answer, as a client does that got it.
func (o *onboarded) renewed() registered {
	o.d.t.Helper()
	var c registered
	o.renew(o.creds.RAT).wants(o.d.t, 200).into(o.d.t, &c)
	o.creds = c
	return c
}

// claims of a good assertion.
func (o *onboarded) claims() jwt.MapClaims {
	now := o.d.Now().Unix()
	c := jwt.MapClaims{"iss": o.id, "sub": o.id, "aud": []string{"southgate"}, "iat": now, "nbf": now, "exp": now + 3600, "jti": agentsUUID(),
		"schemas": []string{"urn:siemens:mindsphere:v1"}, "ten": o.config.Tenant}
	if o.likeC {
		c["aud"], c["exp"] = "southgate", now+86400
	}
	return c
}

func agentsUUID() string { return rand.Text() }

// assertion signs claims as the agent's kind of client does.
func (o *onboarded) assertion(claims jwt.MapClaims) string {
	o.d.t.Helper()
	if o.profile == agents.SharedSecret {
		return o.signed(jwt.SigningMethodHS256, []byte(o.creds.Secret), claims)
	}
	if o.likeC {
		return o.signed(jwt.SigningMethodRS256, o.key, claims)
	}
	return o.signed(jwt.SigningMethodRS384, o.key, claims)
}

func (o *onboarded) signed(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	o.d.t.Helper()
	if !o.likeC {
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			o.d.t.Fatal(err)
		}
		return text
	}
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.URLEncoding.EncodeToString(text) // with padding
	}
	text := part(map[string]string{"alg": method.Alg(), "typ": "JWT"}) + "." + part(claims)
	sig, err := method.Sign(text, key)
	if err != nil {
		o.d.t.Fatal(err)
	}
	return text + "." + base64.URLEncoding.EncodeToString(sig)
}

// ask brings an assertion to the token endpoint.
func (o *onboarded) ask(assertion string) reply {
	if o.likeC {
		return o.askRaw("grant_type=client_credentials&client_assertion_type=" + assertionType + "&client_assertion=" + assertion)
	}
	return o.d.form(o.base()+management+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}})
}

func (o *onboarded) askRaw(body string) reply {
	return o.d.send("POST", o.base()+management+"/oauth/token", "", body, "Content-Type", formType)
}

// base is what the address in its boarding configuration has before the paths.
func (o *onboarded) base() string {
	u, err := url.Parse(o.config.BaseURL)
	if err != nil {
		o.d.t.Fatal(err)
	}
	return u.Path
}

// token is a good access token.
func (o *onboarded) token() string {
	o.d.t.Helper()
	var g granted
	o.ask(o.assertion(o.claims())).wants(o.d.t, 200).into(o.d.t, &g)
	return g.AccessToken
}

func each(t *testing.T, test func(t *testing.T, profile agents.Profile, likeC bool)) {
	for _, profile := range []agents.Profile{agents.SharedSecret, agents.RSA3072} {
		for name, likeC := range map[string]bool{"node": false, "c": true} {
			t.Run(string(profile)+"/"+name, func(t *testing.T) { test(t, profile, likeC) })
		}
	}
}

const week = 7*24*time.Hour + time.Second

func jwksOf(t testing.TB, o *onboarded) string {
	text, err := json.Marshal(o.metadata("")["jwks"])
	must(t, err)
	return string(text)
}

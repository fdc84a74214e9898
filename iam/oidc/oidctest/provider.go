// Package oidctest is a sign-in provider on this machine, for tests. It checks
// what a provider must (client, code, PKCE, address to come back to) and can be
// told to misbehave.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Client and Secret are how we are known to it.
const (
	Client = "halfkey"
	Secret = "the-clients-own-secret"
)

// Provider signs people in without asking them.
type Provider struct {
	URL string
	// Claims are what is said of whoever comes next, over what is always said.
	Claims map[string]any
	// Silent leaves the issuer out of its answers although it promised it.
	Silent bool
	// Key signs, if it is not the published one.
	Key *ecdsa.PrivateKey

	t     testing.TB
	mu    sync.Mutex
	key   *ecdsa.PrivateKey
	codes map[string]url.Values
}

// Serve starts a provider that ends with the test.
func Serve(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{t: t, Claims: map[string]any{}, codes: map[string]url.Values{}}
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	s := httptest.NewServer(mux)
	p.URL = s.URL
	t.Cleanup(s.Close)
	return p
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, want := range map[string]string{"client_id": Client, "response_type": "code", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			p.t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if !p.Silent {
		back.Set("iss", p.URL)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	asked, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != Client || secret != Secret || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		answer(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": p.URL, "aud": Client, "sub": "1", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked.Get("nonce")}
	maps.Copy(claims, p.Claims)
	answer(w, 200, map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(claims)})
}

func (p *Provider) sign(claims map[string]any) string {
	key := p.key
	if p.Key != nil {
		key = p.Key
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	text, _ := json.Marshal(claims)
	token, err := signer.Sign(text)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	compact, _ := token.CompactSerialize()
	return compact
}

package agenttoken

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
)

const secret = "ACCOUNTSECRET001"

// serve is a platform that answers the making of an agent so, and everything else well.
func serve(t *testing.T, status int, body string) connectors.Access {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		if id, pass, _ := r.BasicAuth(); id != "brewery" || pass != secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"access_token":"T","expires_in":3600}`)
	})
	mux.HandleFunc("POST /api/agentmanagement/v3/agents", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer T" {
			t.Errorf("asked with %q", r.Header.Get("Authorization"))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("GET /api/agentmanagement/v3/agents", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"content":[],"last":true}`)
	})
	mux.HandleFunc("GET /api/agentmanagement/v3/agents/a1", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"id":"a1","eTag":"1","name":"c.p"}`)
	})
	mux.HandleFunc("GET /api/agentmanagement/v3/agents/a1/boarding/status", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"status":"NOT_ONBOARDED"}`)
	})
	mux.HandleFunc("GET /api/agentmanagement/v3/agents/a1/boarding/configuration", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"content":{"baseUrl":"https://x","iat":"i","clientCredentialProfile":["RSA_3072"],"clientId":"a1","tenant":"simpsons"},"expiration":"2026-11-28T20:36:10.000Z"}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return connectors.Access{Settings: connectors.Settings{"base_url": s.URL, "client_id": "brewery", "profile": "RSA_3072"}, Secret: secret}
}

// Every row of what an answer may be, and what it means for a create.
func TestWhatAnAnswerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"made":          {201, `{"id":"a1","eTag":"1","name":"c.p"}`, nil},
		"wrong token":   {401, ``, connectors.ErrAccount},
		"forbidden":     {403, ``, connectors.ErrAccount},
		"full":          {409, ``, connectors.ErrQuota},
		"pace":          {429, ``, connectors.ErrPace},
		"malformed":     {400, ``, connectors.ErrDenied},
		"elsewhere":     {302, ``, connectors.ErrDenied},
		"broken":        {500, ``, connectors.ErrUnsure},
		"no JSON":       {201, `<html>`, connectors.ErrUnsure},
		"another shape": {201, `[]`, connectors.ErrUnsure},
		"no such agent": {201, `{"id":"a2"}`, connectors.ErrUnsure},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := New(true).Create(t.Context(), serve(t, c.status, c.body), "c.p", connectors.Wish{})
			if !errors.Is(err, c.want) || c.want == nil && (o.ID != "a1" || o.Marker != "c.p" || !strings.Contains(o.WriteKey.Reveal(), `"iat":"i"`)) {
				t.Errorf("%+v, %v, want %v", o, err, c.want)
			}
		})
	}
	a := serve(t, 201, `{"id":"a1"}`)
	a.Settings["tenant"] = "flanders"
	if _, err := New(true).Boarding(t.Context(), a, "a1"); !errors.Is(err, connectors.ErrDenied) {
		t.Errorf("an agent of another tenant: %v", err)
	}
	a.Secret = "WRONGSECRET00001"
	_, err := New(true).List(t.Context(), a)
	if !errors.Is(err, connectors.ErrAccount) || strings.Contains(err.Error(), a.Secret.Reveal()) {
		t.Errorf("a wrong secret: %v", err)
	}
}

func TestSettingsAreJudged(t *testing.T) {
	kept, err := New(false).Ready(connectors.Settings{"base_url": "https://plant.example/", "client_id": " brewery ", "account_key": "never kept"})
	if err != nil || kept["base_url"] != "https://plant.example" || kept["client_id"] != "brewery" || kept["profile"] != "RSA_3072" || kept["account_key"] != "" {
		t.Errorf("%v, %v", kept, err)
	}
	for _, bad := range []connectors.Settings{{}, {"base_url": "http://plant.example", "client_id": "x"}, {"base_url": "https://127.0.0.1", "client_id": "x"},
		{"base_url": "https://plant.example"}, {"base_url": "https://plant.example", "client_id": "x", "profile": "NONE"}} {
		if _, err := New(false).Ready(bad); !errors.Is(err, thingspeak.ErrSettings) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// Whatever a platform says is an agent with an id that may be stored, or not certain.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"id":"a1","eTag":"1","name":"c.p"}`, `{}`, `null`, `{"id":"../x"}`, `{"id":"a","name":"."}`, `{"id":1}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var g said
		if json.Unmarshal([]byte(s), &g) != nil {
			return
		}
		o, err := g.outer()
		if err != nil && !errors.Is(err, connectors.ErrUnsure) || err == nil && (o.ID == "" || strings.ContainsAny(o.ID, "/.?%\x00") || len(o.Marker) > 2*maxID) {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

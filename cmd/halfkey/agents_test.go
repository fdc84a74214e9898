package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/devices/devicestest"
	"halfkey/iam"
)

// program makes a service account of The Simpsons that may bring agents.
func program(t testing.TB, settings []string) (id, secret string) {
	t.Helper()
	h := open(t, settings)
	defer h.close()
	var homer iam.UserID
	var simpsons iam.OrgID
	h.db.Gorm.Raw("SELECT id FROM users WHERE email = 'homer@simps.net'").Scan(&homer)
	h.db.Gorm.Raw("SELECT id FROM orgs WHERE kind = 'tenant'").Scan(&simpsons)
	as := devicestest.As(t, homer)
	a, err := h.machines.NewService(as, simpsons, "brewery script", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.machines.GiveServiceRole(as, a.ID, "integrator", simpsons); err != nil {
		t.Fatal(err)
	}
	text, _, err := h.machines.NewServiceToken(as, a.ID, "script", time.Time{}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.trail.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return string(a.ID), text.Reveal()
}

// asks sends a request to a running halfkey and reads its JSON answer.
func (p *process) asks(t testing.TB, method, path, bearer, contentType, body string, want int, into any) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+p.main+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if id, secret, basic := strings.Cut(bearer, ":"); basic {
		r.SetBasicAuth(id, secret)
	} else if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := trusting.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%s %s: %s %s, want %d", method, path, res.Status, text, want)
	}
	if into != nil {
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(into); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
}

// TestAgentStory is an industrial agent's first day at the finished program, which is
// killed in between and knows everything again.
func TestAgentStory(t *testing.T) {
	for name, settings := range map[string][]string{"sqlite": {"DATA=" + t.TempDir()}, "postgres": {"DATA=" + t.TempDir(), "DATABASE=" + database(t)}} {
		t.Run(name, func(t *testing.T) {
			found(t, settings)
			id, secret := program(t, settings)
			p := start(t, settings...)
			const form, document, management = "application/x-www-form-urlencoded", "application/json", "/api/agentmanagement/v3"
			var login, access struct {
				Token string `json:"access_token"`
			}
			p.asks(t, "POST", "/oauth/token", id+":"+secret, form, "grant_type=client_credentials", 200, &login)
			var agent struct{ ID string }
			p.asks(t, "POST", management+"/agents", login.Token, document, `{"name":"press 7","securityProfile":"SHARED_SECRET"}`, 201, &agent)
			var boarding struct {
				Content struct{ IAT, Tenant, BaseURL string }
			}
			p.asks(t, "GET", management+"/agents/"+agent.ID+"/boarding/configuration", login.Token, "", "", 200, &boarding)
			var creds struct {
				Secret string `json:"client_secret"`
				RAT    string `json:"registration_access_token"`
			}
			p.asks(t, "POST", management+"/register", boarding.Content.IAT, document, "{}", 201, &creds)
			p.kill()
			p = start(t, settings...)
			p.asks(t, "PUT", management+"/register/"+agent.ID, creds.RAT, document, `{"client_id":"`+agent.ID+`"}`, 200, &creds)
			now := time.Now().Unix()
			assertion, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": agent.ID, "sub": agent.ID, "aud": "southgate", "ten": boarding.Content.Tenant,
				"iat": now, "exp": now + 3600, "jti": iam.NewID()}).SignedString([]byte(creds.Secret))
			if err != nil {
				t.Fatal(err)
			}
			ask := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}}.Encode()
			p.asks(t, "POST", management+"/oauth/token", "", form, ask, 200, &access)
			p.kill()
			p = start(t, settings...)
			p.asks(t, "POST", management+"/oauth/token", "", form, ask, 400, nil) // taken before it was killed
			p.asks(t, "GET", management+"/agents/"+agent.ID+"/boarding/status", access.Token, "", "", 200, nil)
			p.asks(t, "GET", "/.well-known/jwks.json", "", "", "", 200, nil)
			p.stop(t)
			h := open(t, settings)
			if report, err := h.trail.Verify(t.Context()); err != nil || !report.OK() {
				t.Errorf("the trail: %+v, %v", report, err)
			}
			var sealed, mac []byte
			if err := h.db.Gorm.Raw("SELECT secret_sealed, rat_mac FROM agents WHERE id = ?", agent.ID).Row().Scan(&sealed, &mac); err != nil {
				t.Fatal(err)
			}
			if len(sealed) == 0 || bytes.Contains(sealed, []byte(creds.Secret)) || len(mac) != 32 {
				t.Error("a secret stands in the database as it is")
			}
		})
	}
}

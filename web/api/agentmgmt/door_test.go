package agentmgmt

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/devices/agents/agentstest"
	"halfkey/devices/devicestest"
	"halfkey/migrations"
	"halfkey/policies"
	"halfkey/web/api/oauth"
)

// A door is the house with its doors open, and a program that makes agents.
type door struct {
	*agentstest.House
	t     testing.TB
	echo  *echo.Echo
	from  string // the caller's address
	admin string // an access token, for an hour
	again func() // gets another one
}

func open(t testing.TB, db *migrations.DB) *door {
	t.Helper()
	d := &door{House: agentstest.New(t, db), t: t, from: "127.0.0.1:4711"}
	d.echo = d.doors(d.House, agentHandler(d.House))
	id, secret := d.Program(t, d.Simpsons, policies.Integrator)
	d.again = func() { d.admin = d.login(id, secret) }
	d.again()
	return d
}

func agentHandler(h *agentstest.House) *Handler {
	return &Handler{Agents: h.Agents, Keys: h.Agents.Keys}
}

// doors hangs h's addresses and OAuth's on a listener.
func (d *door) doors(house *agentstest.House, h *Handler) *echo.Echo {
	e := echo.New()
	h.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	clients := &oauth.Handler{Clients: house.Machines, Keys: h.Keys, Agents: h.Agents, BaseURL: func(context.Context) string { return agentstest.BaseURL }, Now: house.Now, Log: h.Log}
	h.Admins = clients
	clients.Mount(e)
	h.Mount(e)
	return e
}

// login is what the command line does first.
func (d *door) login(id, secret string) string {
	d.t.Helper()
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader("grant_type=client_credentials"))
	r.SetBasicAuth(id, secret)
	r.Header.Set("Content-Type", formType)
	var got struct {
		Token string `json:"access_token"`
	}
	d.serve(r).wants(d.t, 200).into(d.t, &got)
	return got.Token
}

type reply struct{ *httptest.ResponseRecorder }

func (d *door) serve(r *http.Request) reply {
	r.RemoteAddr = d.from
	w := httptest.NewRecorder()
	d.echo.ServeHTTP(w, r)
	return reply{w}
}

// send makes a request with a bearer token and a JSON body, or none. Headers
// come in pairs.
func (d *door) send(method, path, bearer string, body any, headers ...string) reply {
	d.t.Helper()
	var text string
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			d.t.Fatal(err)
		}
		text = string(encoded)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(text))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return d.serve(r)
}

func (d *door) form(path string, form url.Values) reply {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", formType)
	return d.serve(r)
}

func (r reply) wants(t testing.TB, status int) reply {
	t.Helper()
	if r.Code != status {
		t.Fatalf("got %d %s, want %d", r.Code, r.Body, status)
	}
	return r
}

func (r reply) into(t testing.TB, what any) {
	t.Helper()
	if err := json.Unmarshal(r.Body.Bytes(), what); err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
}

// says expects a failure in the platform's words.
func (r reply) says(t testing.TB, status int, words string) {
	t.Helper()
	var f failure
	r.wants(t, status).into(t, &f)
	if f.ID == "" || !strings.Contains(f.Message, words) {
		t.Errorf("says %s, want %q in it", r.Body, words)
	}
}

// fails expects a failure in OAuth's words.
func (r reply) fails(t testing.TB, status int, code string) {
	t.Helper()
	var f oauthFailure
	r.wants(t, status).into(t, &f)
	if f.Error != code || !strings.HasSuffix(f.Description, "]") {
		t.Errorf("says %s, want %s", r.Body, code)
	}
}

// as is a context in which Homer acts.
func as(d *door) context.Context { return devicestest.As(d.t, d.Homer) }

func sleep() { time.Sleep(20 * time.Millisecond) }

// Set gives The Simpsons terms, as the platform does.
func (d *door) Set(t testing.TB, terms agents.Terms) {
	t.Helper()
	must(t, d.DB.Exec(`INSERT INTO agent_terms (tenant_id, size, alg, token_seconds, replays, changed_at) VALUES (?, ?, ?, ?, ?, 1)`,
		string(d.Simpsons), terms.Size, string(terms.Alg), int64(terms.Token.Seconds()), terms.Replays).Error)
	must(t, d.DB.Exec("UPDATE authz_version SET version = version + 1").Error)
	time.Sleep(150 * time.Millisecond) // until it is seen
}

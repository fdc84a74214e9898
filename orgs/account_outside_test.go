package orgs_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
)

const accountKey = "R9TUHWKR8OOQEHWU"

// outside is a ThingSpeak that knows one account key, with a desk that reaches it.
func (h *house) outside(t *testing.T) (url string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1); r.FormValue("api_key") != accountKey {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write([]byte("[]"))
	}))
	t.Cleanup(far.Close)
	service := thingspeak.New(true)
	h.Desk = &connectors.Desk{DB: h.db, Vault: h.Vault, Decider: h.Decider, Services: map[string]connectors.Service{service.Name(): service}, Now: h.now}
	h.Connectors.Providers[service.Name()] = &connectors.Outside{Service: service, Vault: h.Vault, Now: h.now, Wake: func() {}}
	h.Desk.Stop()
	h.Newcomers = []string{far.URL}
	return far.URL, calls
}

func TestAnAccountThatCameAlongHasTheChannels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		url, _ := h.outside(t)
		apu := orgs.FoundRequest{Organisation: "Kwik-E-Mart", Name: "Apu", Email: "apu@simps.net", Password: password, Account: orgs.AccountAt(url, accountKey)}
		h.ok(h.db.Exec("ALTER TABLE registration_keys RENAME TO away").Error)
		if _, err := h.Found(h.out, apu); err == nil {
			t.Fatal("founded without a place for its key")
		}
		h.ok(h.db.Exec("ALTER TABLE away RENAME TO registration_keys").Error)
		f, err := h.Found(h.out, apu)
		h.ok(err)
		c, provider, err := h.Connectors.For(h.out, h.db, f.Tenant)
		if err != nil || c.ID != f.Connector || provider.Name() != thingspeak.Provider {
			t.Errorf("new devices have their channels at %+v: %v", c, err)
		}
		if h.leaks(accountKey) {
			t.Error("the account's key lies in clear")
		}
		s, err := h.Desk.Connectors(h.as(f.User), f.Tenant)
		if err != nil || len(s) != 2 || s[0].ID != f.Connector {
			t.Errorf("%+v %v", s, err)
		}
	})
}

// Whoever is not signed in reaches what is listed, and not often.
func TestTryingAnAccountIsNoWayToMakeCallsInOurName(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	url, calls := h.outside(t)
	r, err := h.TryAccount(h.out, *orgs.AccountAt(url, accountKey), "192.0.2.1")
	if err != nil || r.Left != 4 {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := h.TryAccount(h.out, *orgs.AccountAt(url, "AAAABBBBCCCCDDDD"), "192.0.2.1"); !errors.Is(err, connectors.ErrTestKey) {
		t.Errorf("%v", err)
	}
	if _, err := h.TryAccount(h.out, *orgs.AccountAt(url, ""), "192.0.2.1"); !errors.Is(err, connectors.ErrSecret) {
		t.Errorf("%v", err)
	}
	elsewhere := *orgs.AccountAt(strings.Replace(url, "127.0.0.1", "localhost", 1), accountKey)
	other := *orgs.AccountAt(url, accountKey)
	other.Service = "agenttoken"
	for _, w := range []connectors.Draft{elsewhere, other, {Service: thingspeak.Provider, Secret: accountKey}} {
		if _, err := h.TryAccount(h.out, w, "192.0.2.1"); !errors.Is(err, orgs.ErrAccountAddress) {
			t.Errorf("%+v: %v", w, err)
		}
		_, err := h.Found(h.out, orgs.FoundRequest{Organisation: "O", Name: "N", Email: "n@simps.net", Password: password, Account: &w})
		if got := fields(err); len(got) != 1 || got[0] != "account_key" {
			t.Errorf("founded with %+v: %v", w, err)
		}
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls", n)
	}
	for range 40 {
		_, err = h.TryAccount(h.out, *orgs.AccountAt(url, "AAAABBBBCCCCDDDD"), "192.0.2.1")
	}
	if !errors.Is(err, orgs.ErrAccountPace) || fault.Of(err).RetryAfter <= 0 || calls.Load() > 20 {
		t.Errorf("%d calls, then %v", calls.Load(), err)
	}
	if _, err := h.TryAccount(h.out, *orgs.AccountAt(url, accountKey), "192.0.2.2"); err != nil {
		t.Errorf("another is stopped too: %v", err)
	}
	h.pass(time.Hour)
	h.ok(h.Settings.Set(h.db, iam.SettingSignUp, iam.SignUpInvited))
	if _, err := h.TryAccount(h.out, *orgs.AccountAt(url, accountKey), "192.0.2.3"); !errors.Is(err, orgs.ErrSignUpClosed) {
		t.Errorf("%v", err)
	}
}

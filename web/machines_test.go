package web_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/iam/limit"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/portal"
	"halfkey/web/webtest"
)

func TestAnOwnerGivesAProgramAnAccountAndTakesItsTokenBack(t *testing.T) {
	s := furnished(t)
	s.Homer.Get(t, portal.ServicesAt(s.Household)).Wants(t, 200).Says(t, "No service account")
	s.Homer.Post(t, "/services", "org", string(s.Household), "name", "").Wants(t, 422).Says(t, "Use 1 to 80")
	account := s.Homer.Post(t, "/services", "org", string(s.Household), "name", "Grafana").Wants(t, 303).Header.Get("Location")
	s.Homer.Get(t, account).Wants(t, 200).Says(t, "Grafana", "it may nothing yet", "it cannot come in")
	s.Homer.Post(t, account+"/roles", "role", "viewer", "org", string(s.Household)).Wants(t, 303)
	s.Homer.Post(t, account+"/roles", "role", "viewer", "org", string(s.Plant)).Wants(t, 422).Says(t, "in its own place and below")
	until := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	s.Homer.Post(t, account+"/tokens", "label", "first", "not_after", "soon").Wants(t, 422).Says(t, "within a year")
	made := s.Homer.Post(t, account+"/tokens", "label", "first", "not_after", until).Wants(t, 200).Says(t, "shown this once")
	token := made.Find(t, `(hk_[0-9a-z]{59})`)
	again := s.Homer.Get(t, account).Wants(t, 200).Silent(t, token).Says(t, token[:7]+"…", "Never")
	as := func() int { return bearing(t, s.URL+"/api/v1/me", "Bearer "+token).StatusCode }
	if as() != 200 {
		t.Fatal("the token opens nothing")
	}
	s.Homer.Get(t, account).Silent(t, "Never")
	s.Homer.Post(t, again.Find(t, `(/services/[0-9a-z]+/tokens/[0-9a-z]+/revoke)`)).Wants(t, 303)
	if as() != 401 {
		t.Fatal("a revoked token opens something")
	}
	s.Homer.Get(t, portal.ServicesAt(s.Household)).Says(t, "Grafana", "Homer", "Viewer")
	s.Homer.Get(t, account+"/end").Wants(t, 200).Says(t, "End Grafana?")
	s.Marge.Get(t, portal.ServicesAt(s.Household)).Wants(t, 403)
	s.Marge.Get(t, account).Wants(t, 404)
	s.Marge.Post(t, account+"/end").Wants(t, 404)
	s.Homer.Foreign(t, account+"/end").Wants(t, 403)
	s.Homer.Post(t, account+"/end").Wants(t, 303)
	s.Homer.Get(t, account).Wants(t, 404)
}

func TestAPersonGivesHisProgramATokenOfItsOwn(t *testing.T) {
	s := furnished(t)
	s.Marge.Get(t, "/me").Wants(t, 200).Says(t, "Tokens for your programs", "No program acts for you")
	until := time.Now().AddDate(0, 6, 0).Format(time.DateOnly)
	s.Marge.Post(t, "/me/tokens", "label", "", "not_after", until).Wants(t, 422).Says(t, "Use 1 to 80")
	made := s.Marge.Post(t, "/me/tokens", "label", "My script", "not_after", until, "role", "viewer", "org", string(s.Household)).Wants(t, 200)
	token := made.Find(t, `(hk_[0-9a-z]{59})`)
	page := s.Marge.Get(t, "/me").Wants(t, 200).Silent(t, token).Says(t, "My script", "Viewer", "Household and below")
	if r := bearing(t, s.URL+"/api/v1/me", "bearer "+token); r.StatusCode != 200 || len(r.Cookies()) > 0 {
		t.Fatalf("%d %v", r.StatusCode, r.Cookies())
	}
	s.Homer.Post(t, page.Find(t, `(/me/tokens/[0-9a-z]+/revoke)`)).Wants(t, 404)
	s.Marge.Post(t, page.Find(t, `(/me/tokens/[0-9a-z]+/revoke)`)).Wants(t, 303)
	if r := bearing(t, s.URL+"/api/v1/me", "Bearer "+token); r.StatusCode != 401 || !strings.Contains(r.Header.Get("WWW-Authenticate"), "invalid_token") {
		t.Fatalf("%d %v", r.StatusCode, r.Header)
	}
}

// bearing asks with an Authorization header, or several.
func bearing(t *testing.T, url string, authorization ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["Authorization"] = authorization
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// A revoked token opens nothing any more: here at once, on another replica within
// two seconds.
func TestARevokedTokenOpensNothingOnAnyReplica(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		ctx := s.AsHomer(t)
		a, err := s.Machines.NewService(ctx, s.Household, "Bot", "")
		if err != nil {
			t.Fatal(err)
		}
		secret, token, err := s.Machines.NewServiceToken(ctx, a.ID, "x", time.Time{}, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		there := replicaOf(t, s)
		opens := func(m orgs.Machines) bool {
			_, _, err := m.Enter(t.Context(), secret.Reveal(), "192.0.2.0/24")
			return err == nil
		}
		if !opens(s.Machines) || !opens(there) {
			t.Fatal("the token opens nothing")
		}
		if err := s.Machines.RevokeServiceToken(ctx, a.ID, token.ID); err != nil {
			t.Fatal(err)
		}
		if opens(s.Machines) {
			t.Fatal("it opens this replica after it was revoked here")
		}
		for end := time.Now().Add(2 * time.Second); opens(there); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("it opens the other replica after two seconds")
			}
		}
	})
}

// replicaOf is the same house in another process.
func replicaOf(t *testing.T, s *webtest.Simpsons) orgs.Machines {
	t.Helper()
	versions := iam.NewVersions(s.DB)
	decider, err := policies.New(t.Context(), s.DB, versions, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	places := &orgs.Service{DB: s.DB, Vault: s.Orgs.Vault, Decider: decider, Users: s.Users, Sessions: s.Sessions, Live: s.Live, Now: time.Now}
	return orgs.Machines{Orgs: places, Services: s.Machines.Services,
		Tokens: iam.NewAPITokens(iam.APITokenParts{DB: s.DB, Vault: s.Orgs.Vault, Limits: limit.New(nil, time.Now), Versions: versions, Now: time.Now})}
}

func TestTheServicePagesAreFitForEverybody(t *testing.T) {
	s := furnished(t)
	account := s.Homer.Post(t, "/services", "org", string(s.Household), "name", "Grafana").Wants(t, 303).Header.Get("Location")
	s.Homer.Post(t, account+"/roles", "role", "viewer", "org", string(s.Household)).Wants(t, 303)
	s.Homer.Post(t, account+"/tokens", "label", "first", "not_after", time.Now().AddDate(0, 1, 0).Format(time.DateOnly)).Wants(t, 200)
	s.Homer.Post(t, "/me/tokens", "label", "My script", "not_after", time.Now().AddDate(0, 1, 0).Format(time.DateOnly)).Wants(t, 200)
	tab, base := signedIn(t, s, "homer")
	for name, path := range map[string]string{"services": portal.ServicesAt(s.Household), "service": account, "tokens": "/me"} {
		look(t, tab, name, base+path)
	}
}

package rest_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/web/webtest"
)

func TestARequestThatComesTwiceIsDoneOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		homer, marge := as(s.House, s.Homer), as(s.House, s.Marge)
		in := "/orgs/" + string(s.Household) + "/invitations"
		body := map[string]any{"email": "bart@simps.net", "role": "member"}
		first := homer.do(t, "POST", in, body, "Idempotency-Key", "a-1").wants(201)
		again := homer.do(t, "POST", in, body, "Idempotency-Key", "a-1").wants(201)
		if again.text("link") != first.text("link") || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s and %s", first.body, again.body)
		}
		body["role"] = "manager"
		homer.do(t, "POST", in, body, "Idempotency-Key", "a-1").refuses(422, "idempotency-reused")
		marge.do(t, "POST", in, body, "Idempotency-Key", "a-1").refuses(403, "not-allowed") // her key is another
		body["role"] = "member"
		homer.do(t, "POST", "/orgs/"+string(s.Plant)+"/invitations", body, "Idempotency-Key", "a-1").refuses(422, "idempotency-reused") // elsewhere
		homer.odd(t, "POST", in, body, "Idempotency-Key", "").refuses(400, "idempotency-key")
		homer.odd(t, "POST", in, body, "Idempotency-Key", strings.Repeat("k", 201)).refuses(400, "idempotency-key")

		body["email"] = "nobody"
		homer.do(t, "POST", in, body, "Idempotency-Key", "a-2").refuses(422, "form")
		body["email"] = "lisa@simps.net" // what was refused may be sent again, put right
		homer.do(t, "POST", in, body, "Idempotency-Key", "a-2").wants(201)

		var sealed []byte
		if err := db.Gorm.Raw("SELECT sealed FROM idempotency WHERE status <> 0").Row().Scan(&sealed); err != nil || strings.Contains(string(sealed), "/i/") {
			t.Errorf("a link lies open: %s %v", sealed, err)
		}
	})
}

// A key is easy to guess, and its answer may hold more than a token may have.
func TestATokenHearsNoAnswerThatWasMeantForMore(t *testing.T) {
	h := newHouse(t)
	until := in(h, time.Hour)
	narrow := h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "reads", "not_after": until, "role": "viewer"}).wants(201).text("token")
	wide := h.homer.do(t, "POST", "/me/tokens", map[string]any{"label": "all", "not_after": until}, "Idempotency-Key", "1").wants(201).text("token")
	for name, token := range map[string]string{"a cut one": narrow, "a whole one": wide} {
		t.Run(name, func(t *testing.T) {
			h.bearer(token).do(t, "POST", "/me/tokens", map[string]any{"label": "all", "not_after": until}, "Idempotency-Key", "1").refuses(403, "token-by-token")
		})
	}
	shed := map[string]any{"parent": h.Tenant, "name": "Shed", "kind": "plain"}
	first := h.bearer(wide).do(t, "POST", "/orgs", shed, "Idempotency-Key", "2").wants(201).text("id")
	if again := h.bearer(wide).do(t, "POST", "/orgs", shed, "Idempotency-Key", "2").wants(201).text("id"); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	h.bearer(narrow).do(t, "POST", "/orgs", shed, "Idempotency-Key", "2").refuses(403, "not-allowed")
}

func TestOfManyAtOnceOneIsDone(t *testing.T) {
	h := newHouse(t)
	body := map[string]any{"parent": h.Tenant, "name": "Attic", "kind": "plain"}
	var mu sync.Mutex
	got := map[int]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a := h.homer.do(t, "POST", "/orgs", body, "Idempotency-Key", "attic")
			mu.Lock()
			got[a.status]++
			mu.Unlock()
		})
	}
	all.Wait()
	if n := len(h.homer.do(t, "GET", "/orgs", nil).items()); n != 4 || got[201]+got[409] != 8 || got[201] == 0 {
		t.Errorf("%v, %d places", got, n)
	}
}

func TestAnInterruptedRequestIsDoneAgainOrSaysThatItWasDone(t *testing.T) {
	h := newHouse(t)
	answers := &iam.Answers{DB: h.DB, Vault: h.Orgs.Vault, Now: h.Now}
	begin := func(now int64, key, id string) error {
		a := *answers
		if now > 0 {
			a.Now = func() time.Time { return iam.Time(now) }
		}
		_, _, err := a.Begin(context.Background(), iam.Asked{Who: "user:1", Key: key, ID: id})
		return err
	}
	later := iam.Micros(h.Now()) + 100_000_000
	if err := begin(0, "k", "r1"); err != nil {
		t.Fatal(err)
	}
	if err := begin(0, "k", "r2"); err == nil || !strings.Contains(err.Error(), "in-flight") {
		t.Fatal(err)
	}
	if err := begin(later, "k", "r3"); err != nil {
		t.Fatal("nothing was done, so it may be tried again:", err)
	}
	made := h.homer.do(t, "POST", "/orgs", map[string]any{"parent": h.Tenant, "name": "Attic", "kind": "plain"}).wants(201)
	if err := begin(iam.Micros(h.Now())-1_000_000, "l", made.header.Get("X-Request-Id")); err != nil {
		t.Fatal(err)
	}
	if err := begin(later, "l", "r4"); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Fatal("it was done and nobody says so:", err)
	}
}

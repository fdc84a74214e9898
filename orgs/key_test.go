package orgs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestAKeyIsRevealedOnTheRecordAndFoundByItsFirstHalf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		first, second, err := h.RevealKey(h.homer, h.key)
		h.ok(err)
		if len(first) != 10 || len(second) != 26 || strings.Trim((first+second).Reveal(), iam.KeyAlphabet) != "" {
			t.Fatalf("halves of %d and %d characters", len(first), len(second))
		}
		if h.leaks(first.Reveal()) || h.leaks(second.Reveal()) {
			t.Error("a half is stored in clear")
		}
		if v := h.verbs(h.simpsons); v[len(v)-1] != "key.reveal" {
			t.Errorf("the trail says %v", v)
		}
		for range 2 { // from the table, then from memory
			k, half, err := h.FindKey(h.out, h.db, first.Reveal())
			if err != nil || k.ID != h.key || k.Org != h.simpsons || half != second || !k.TakesNew(h.now()) {
				t.Errorf("%+v %v", k, err)
			}
		}
		k, decoy, err := h.FindKey(h.out, h.db, iam.RandomCode(10))
		if !errors.Is(err, orgs.ErrKeyUnknown) || len(decoy) != 26 || k.ID != "" {
			t.Errorf("%+v %v", k, err)
		}
		if hint, err := h.MaskedFirst(h.homer, h.key); err != nil || hint != first.Reveal()[:4] {
			t.Errorf("%q %v", hint, err)
		}
		bart := h.join("bart", h.household, policies.Manager)
		if _, _, err := h.RevealKey(bart, h.key); !errors.Is(err, policies.ErrHidden) {
			t.Errorf("a key above is shown: %v", err)
		}
		if _, _, err := h.RevealKey(h.admin, h.key); !errors.Is(err, policies.ErrRefused) {
			t.Errorf("the platform sees halves: %v", err)
		}
	})
}

func TestHowOftenAClassicKeyIsStretchedStaysForItsLife(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	count := func(stretched int) (k orgs.Key) {
		t.Helper()
		h.ClassicCount = stretched
		k, err := h.IssueKey(h.homer, orgs.KeyRequest{Org: h.household, Form: orgs.Classic})
		h.ok(err)
		return k
	}
	old, dear := count(0), count(200_000)
	for _, k := range []struct {
		orgs.Key
		want int
	}{{old, 10_000}, {dear, 200_000}} {
		first, _, err := h.RevealKey(h.homer, k.ID)
		h.ok(err)
		if found, _, err := h.FindKey(h.out, h.db, first.Reveal()); err != nil || found.P2C != k.want {
			t.Errorf("stretched %d times, want %d, %v", found.P2C, k.want, err)
		}
	}
	next, err := h.ReplaceKey(h.homer, old.ID)
	if err != nil || next.P2C != 200_000 {
		t.Errorf("a new key is stretched %d times, %v", next.P2C, err)
	}
}

func TestWhatAKeyCanBe(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	k, err := h.IssueKey(h.homer, orgs.KeyRequest{Org: h.household, Form: orgs.Classic})
	h.ok(err)
	if !k.SimpleDoor || k.MaxUses != 20 || !k.ExpiresAt.Equal(h.now().Add(90*24*time.Hour)) || k.Reboarding != orgs.ReboardAuto || k.P2C != 10_000 || len(k.P2S) != 16 || k.Label != "Household" {
		t.Errorf("%+v", k)
	}
	first, second, err := h.RevealKey(h.homer, k.ID)
	h.ok(err)
	if len(first) != 8 || len(second) != 8 {
		t.Errorf("halves of %d and %d characters", len(first), len(second))
	}
	if found, _, err := h.FindKey(h.out, h.db, first.Reveal()); err != nil || string(found.P2S) != string(k.P2S) || found.P2C != k.P2C || found.MaxUses != 20 {
		t.Errorf("%+v %v", found, err)
	}
	_, err = h.IssueKey(h.homer, orgs.KeyRequest{Org: h.household, Label: "\x01", Form: "odd", DeviceKind: "toaster", Boarding: "never", Reboarding: "never", MaxUses: -1, ExpiresAt: h.now()})
	if got := fields(err); !slices.Equal(got, []string{"label", "form", "device_kind", "boarding", "reboarding", "max_uses", "expires_at"}) {
		t.Errorf("%v", got)
	}
	if _, err := h.KeyFor(h.homer, h.plant); !errors.Is(err, orgs.ErrNoKey) {
		t.Errorf("a key for Power plant: %v", err)
	}
	made, err := h.EnsureKey(h.homer, h.plant)
	h.ok(err)
	if again, err := h.EnsureKey(h.homer, h.plant); err != nil || again.ID != made.ID {
		t.Errorf("made twice: %v", err)
	}
	if all, err := h.Keys(h.homer, h.household); err != nil || len(all) != 1 || len(all[0].Hint) != 4 {
		t.Errorf("%+v %v", all, err)
	}
}

func TestUsesAreCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		k, err := h.IssueKey(h.homer, orgs.KeyRequest{Org: h.household, MaxUses: 3, ExpiresAt: h.now().Add(time.Hour)})
		h.ok(err)
		take := func() error {
			return h.db.Transaction(func(tx *gorm.DB) error { return h.TakeUse(t.Context(), tx, k, false) })
		}
		results := make(chan error, 8)
		for range cap(results) {
			go func() { results <- take() }()
		}
		taken := 0
		for range cap(results) {
			if err := <-results; err == nil {
				taken++
			} else if !errors.Is(err, orgs.ErrKeyClosed) {
				t.Errorf("%v", err)
			}
		}
		if taken != 3 {
			t.Errorf("%d of 3 uses were taken", taken)
		}
		h.ok(h.GiveUseBack(h.db, k.ID))
		h.ok(take())
		h.ok(h.GiveUseBack(h.db, k.ID))
		h.pass(time.Hour)
		if err := take(); !errors.Is(err, orgs.ErrKeyClosed) {
			t.Errorf("expired: %v", err)
		}
		if now, err := h.Key(h.homer, k.ID); err != nil || now.Uses != 2 || now.TakesNew(h.now()) || now.Dead(h.now()) {
			t.Errorf("%+v %v", now, err)
		}
		granted := func() error {
			return h.db.Transaction(func(tx *gorm.DB) error { return h.TakeUse(t.Context(), tx, k, true) })
		}
		h.ok(granted()) // the owner's own yes
		h.ok(h.RevokeKey(h.homer, k.ID))
		if err := granted(); !errors.Is(err, orgs.ErrKeyClosed) {
			t.Errorf("revoked: %v", err)
		}
	})
}

func TestReplaceAndRevoke(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		oldFirst, _, err := h.RevealKey(h.homer, h.key)
		h.ok(err)
		other := h.replica(h.Vault)
		for _, s := range []*orgs.Service{h.Service, other} { // both remember it as active
			_, _, err := s.FindKey(h.out, h.db, oldFirst.Reveal())
			h.ok(err)
		}
		k, err := h.ReplaceKey(h.homer, h.key)
		h.ok(err)
		newest, err := h.ReplaceKey(h.homer, k.ID)
		h.ok(err)
		if _, err := h.ReplaceKey(h.homer, h.key); !errors.Is(err, orgs.ErrKeyEnded) {
			t.Errorf("replaced twice: %v", err)
		}
		for _, c := range []struct {
			boarded, now iam.KeyID
			want         bool
		}{{h.key, newest.ID, true}, {h.key, h.key, true}, {newest.ID, h.key, false}} {
			if got, err := h.KeyIsOrReplaced(h.db, c.boarded, c.now); err != nil || got != c.want {
				t.Errorf("boarded by %s, now %s: %v %v", c.boarded, c.now, got, err)
			}
		}
		old, err := h.Key(h.homer, h.key)
		h.ok(err)
		if old.State != orgs.KeyRetiring || old.Dead(h.now()) || !old.Dead(h.now().Add(7*24*time.Hour)) {
			t.Errorf("%+v", old)
		}
		h.ok(h.RetireKeyAt(h.homer, h.key, h.now().Add(time.Hour)))
		h.ok(h.RevokeKey(h.homer, h.key))
		if err := h.RevokeKey(h.homer, h.key); !errors.Is(err, orgs.ErrKeyEnded) {
			t.Errorf("revoked twice: %v", err)
		}
		if k, _, err := h.FindKey(h.out, h.db, oldFirst.Reveal()); err != nil || !k.Dead(h.now()) {
			t.Errorf("it still works here: %+v %v", k, err)
		}
		for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if k, _, err := other.FindKey(h.out, h.db, oldFirst.Reveal()); err == nil && k.Dead(h.now()) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("it still works on another replica")
			}
		}
	})
}

func TestWhoIsListedMayComeWithTheNewKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		h.ok(h.ListSerials(h.homer, h.key, []string{"74743827342", "b-2"}))
		k, err := h.ReplaceKey(h.homer, h.key)
		h.ok(err)
		if got, err := h.Serials(h.homer, k.ID); err != nil || !slices.Equal(got, []string{"74743827342", "b-2"}) {
			t.Errorf("%v %v", got, err)
		}
	})
}

func TestAClosedPlaceHasNoKeys(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	first, _, err := h.RevealKey(h.homer, h.key)
	h.ok(err)
	h.ok(h.db.Transaction(func(tx *gorm.DB) error {
		h.ok(tx.Exec("UPDATE orgs SET state = 'suspended' WHERE id = ?", string(h.simpsons)).Error)
		return h.Decider.Bump(tx)
	}))
	if _, _, err := h.FindKey(h.out, h.db, first.Reveal()); !errors.Is(err, orgs.ErrKeyUnknown) {
		t.Errorf("got %v", err)
	}
	if _, err := h.Get(h.homer, h.simpsons); !errors.Is(err, policies.ErrHidden) {
		t.Errorf("got %v", err)
	}
}

func TestSerialsAreListed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		h.ok(h.ListSerials(h.homer, h.key, []string{"74743827342", "b", "74743827342"}))
		one, err := h.ListedAt(h.db, h.key, "74743827342")
		h.ok(err)
		h.pass(time.Minute)
		h.ok(h.ListSerials(h.homer, h.key, []string{"74743827342"}))
		two, err := h.ListedAt(h.db, h.key, "74743827342")
		h.ok(err)
		if two.Sub(one) != time.Minute {
			t.Errorf("listing again renews nothing: %v %v", one, two)
		}
		if at, err := h.ListedAt(h.db, h.key, "c"); err != nil || !at.IsZero() {
			t.Errorf("%v %v", at, err)
		}
		if all, err := h.Serials(h.homer, h.key); err != nil || !slices.Equal(all, []string{"74743827342", "b"}) {
			t.Errorf("%v %v", all, err)
		}
		if err := h.ListSerials(h.homer, h.key, []string{"ok", "-no"}); !slices.Equal(fields(err), []string{"serials"}) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%v", err)
		}
	})
}

func FuzzListSerials(f *testing.F) {
	h := newHouse(f, dbtest.SQLite(f))
	for _, s := range []string{"74743827342", "a.b_c:d-e", "", "-a", "ä", "a b", "a/b", strings.Repeat("a", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := h.ListSerials(h.homer, h.key, []string{s})
		fits := len(s) >= 1 && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") == "" && !strings.ContainsAny(s[:1], "._:-")
		if (err == nil) != fits {
			t.Errorf("%q: %v", s, err)
		}
	})
}

func BenchmarkFindKey(b *testing.B) {
	h := newHouse(b, dbtest.SQLite(b))
	first, _, err := h.RevealKey(h.homer, h.key)
	h.ok(err)
	time.Sleep(2100 * time.Millisecond) // until the founding no longer asks for the version each time
	b.Run("remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := h.FindKey(h.out, h.db, first.Reveal()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unknown", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := h.FindKey(h.out, h.db, "0123456789"); !errors.Is(err, orgs.ErrKeyUnknown) {
				b.Fatal(err)
			}
		}
	})
}

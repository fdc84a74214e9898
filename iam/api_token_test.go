package iam_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/limit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// tokens is the house's keeper of tokens.
func (h *house) tokens() *iam.APITokens {
	return iam.NewAPITokens(iam.APITokenParts{DB: h.db, Vault: h.Vault, Limits: h.Limits, Versions: h.versions, Now: h.Sessions.Now})
}

func (h *house) makeToken(t *testing.T, keeper *iam.APITokens, from, to time.Time) (vault.Secret, iam.APIToken) {
	t.Helper()
	n := iam.NewAPIToken{Holder: iam.Holder{Type: "user", ID: string(h.homer.ID)}, Tenant: h.homer.Home, Label: "my script", NotBefore: from, NotAfter: to, Assurance: iam.Password, By: string(h.homer.ID)}
	var form iam.Form
	n.Check(&form, h.Sessions.Now())
	if err := form.Err(); err != nil {
		t.Fatal(err)
	}
	var secret vault.Secret
	var token iam.APIToken
	err := h.db.Transaction(func(tx *gorm.DB) (err error) {
		secret, token, err = keeper.Make(tx, n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret, token
}

func TestATokenOpensBetweenItsDatesAndSaysWhenItWasUsed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		keeper, now := h.tokens(), h.Sessions.Now()
		secret, token := h.makeToken(t, keeper, now.Add(time.Hour), now.Add(3*time.Hour))
		find := func(want error) iam.Bearer {
			t.Helper()
			b, err := keeper.Find(t.Context(), secret.Reveal(), homersNetwork)
			if !errors.Is(err, want) {
				t.Fatalf("%v, want %v", err, want)
			}
			if _, err := keeper.FindAgain(t.Context(), token.ID); !errors.Is(err, want) {
				t.Fatalf("what was given for it: %v, want %v", err, want)
			}
			return b
		}
		find(iam.ErrToken) // too early
		h.pass(time.Hour)
		if b := find(nil); b.Name != "Homer" || b.Holder.ID != string(h.homer.ID) || b.Token != token.ID {
			t.Fatalf("%+v", b)
		}
		used := func() time.Time {
			t.Helper()
			list, err := keeper.List(h.db, token.Holder)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v %v", list, err)
			}
			return list[0].UsedAt
		}
		first := used()
		if !first.Equal(h.Sessions.Now()) {
			t.Fatalf("used at %v", first)
		}
		h.pass(59 * time.Second)
		find(nil)
		if !used().Equal(first) {
			t.Fatal("the last use is written more often than once a minute")
		}
		h.pass(2 * time.Second)
		find(nil)
		if used().Equal(first) {
			t.Fatal("the last use stays")
		}
		h.pass(2 * time.Hour)
		find(iam.ErrToken) // over
		if strings.Contains(token.Hint, secret.Reveal()) || len(token.Hint) > 8 {
			t.Fatalf("hint %q", token.Hint)
		}
	})
}

func TestARevokedTokenIsRefusedOnEveryReplica(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		here := h.tokens()
		other := iam.NewAPITokens(iam.APITokenParts{DB: h.db, Vault: h.Vault, Limits: limit.New(nil, h.Sessions.Now), Versions: iam.NewVersions(h.db), Now: h.Sessions.Now})
		now := h.Sessions.Now()
		secret, token := h.makeToken(t, here, time.Time{}, now.Add(time.Hour))
		for _, keeper := range []*iam.APITokens{here, other} {
			if _, err := keeper.Find(t.Context(), secret.Reveal(), homersNetwork); err != nil {
				t.Fatal(err)
			}
		}
		revoke := func() error {
			return h.db.Transaction(func(tx *gorm.DB) error { return here.Revoke(tx, token.ID, "homer") })
		}
		if err := revoke(); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Find(t.Context(), secret.Reveal(), homersNetwork); !errors.Is(err, iam.ErrToken) {
			t.Fatalf("here: %v", err)
		}
		end := time.Now().Add(2 * time.Second)
		for {
			_, err := other.Find(t.Context(), secret.Reveal(), homersNetwork)
			if errors.Is(err, iam.ErrToken) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the other replica still takes it after two seconds")
			}
			time.Sleep(20 * time.Millisecond)
		}
		if err := revoke(); !errors.Is(err, iam.ErrTokenUnknown) {
			t.Fatalf("twice: %v", err)
		}
	})
}

func TestWhoIsSwitchedOffHasNoTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		keeper := h.tokens()
		secret, _ := h.makeToken(t, keeper, time.Time{}, h.Sessions.Now().Add(time.Hour))
		session := h.signIn()
		if err := h.db.Transaction(func(tx *gorm.DB) error { _, err := h.Disable(tx, h.homer.ID, "marge"); return err }); err != nil {
			t.Fatal(err)
		}
		if _, err := keeper.Find(t.Context(), secret.Reveal(), homersNetwork); !errors.Is(err, iam.ErrToken) {
			t.Fatalf("token: %v", err)
		}
		if _, err := h.Find(t.Context(), session); !errors.Is(err, iam.ErrSignedOut) {
			t.Fatalf("session: %v", err)
		}
		if err := h.db.Transaction(func(tx *gorm.DB) error { _, err := h.Enable(tx, h.homer.ID); return err }); err != nil {
			t.Fatal(err)
		}
		if _, err := keeper.Find(t.Context(), secret.Reveal(), homersNetwork); err != nil {
			t.Fatalf("on again: %v", err)
		}
		if _, err := h.Find(t.Context(), session); !errors.Is(err, iam.ErrSignedOut) {
			t.Fatalf("the old session lives: %v", err)
		}
	})
}

func TestAGuesserRestsAndHisNeighbourWorksOn(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	keeper := h.tokens()
	secret, _ := h.makeToken(t, keeper, time.Time{}, h.Sessions.Now().Add(time.Hour))
	if _, err := keeper.Find(t.Context(), secret.Reveal(), homersNetwork); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 40 {
		_, err = keeper.Find(t.Context(), "hk_guess", homersNetwork)
	}
	if !errors.Is(err, iam.ErrTokenResting) {
		t.Fatalf("%v", err)
	}
	if _, err := keeper.Find(t.Context(), secret.Reveal(), homersNetwork); err != nil {
		t.Fatalf("a good token from the same address: %v", err)
	}
	fresh, _ := h.makeToken(t, keeper, time.Time{}, h.Sessions.Now().Add(time.Hour))
	if _, err := keeper.Find(t.Context(), fresh.Reveal(), homersNetwork); !errors.Is(err, iam.ErrTokenResting) {
		t.Fatalf("an unknown one: %v", err)
	}
	if _, err := keeper.Find(t.Context(), fresh.Reveal(), "198.51.100.1"); err != nil {
		t.Fatalf("from elsewhere: %v", err)
	}
}

func TestTwentyTokensAreEnough(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	keeper := h.tokens()
	for range 20 {
		h.makeToken(t, keeper, time.Time{}, h.Sessions.Now().Add(time.Hour))
	}
	err := h.db.Transaction(func(tx *gorm.DB) error {
		_, _, err := keeper.Make(tx, iam.NewAPIToken{Holder: iam.Holder{Type: "user", ID: string(h.homer.ID)}, Label: "x", NotBefore: h.Sessions.Now(), NotAfter: h.Sessions.Now().Add(time.Hour)})
		return err
	})
	if !errors.Is(err, iam.ErrTokenMany) {
		t.Fatalf("%v", err)
	}
}

func FuzzParseAPIToken(f *testing.F) {
	for _, s := range []string{"", "hk_", "hk_" + strings.Repeat("0", 59), "hk_" + strings.Repeat("z", 52) + "0000000", "Bearer hk_x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if token, ok := iam.ParseAPIToken(s); ok && (token.Reveal() != s || len(s) != 62 || !strings.HasPrefix(s, "hk_")) {
			t.Fatalf("took %q", s)
		}
	})
}

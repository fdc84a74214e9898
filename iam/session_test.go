package iam_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestSignInAndOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		token := h.signIn()
		s, err := h.Find(t.Context(), token)
		if err != nil || s.User != h.homer.ID || s.Name != "Homer" || s.Email != "homer@simps.net" || s.Home != h.homer.Home {
			t.Fatalf("%+v %v", s, err)
		}
		other := h.signIn()
		if err := h.SignOut(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Find(t.Context(), token); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("still signed in: %v", err)
		}
		if _, err := h.Find(t.Context(), other); err != nil {
			t.Errorf("the other browser was signed out too: %v", err)
		}
		if err := h.SignOut(t.Context(), token); err != nil {
			t.Errorf("twice: %v", err)
		}
		for _, bad := range []vault.Secret{"", "x", iam.RandomToken()} {
			if _, err := h.Find(t.Context(), bad); !errors.Is(err, iam.ErrSignedOut) {
				t.Errorf("%v", err)
			}
		}
		var clear int64
		h.db.Raw("SELECT COUNT(*) FROM sessions WHERE CAST(token_hash AS TEXT) LIKE ?", "%"+other.Reveal()+"%").Scan(&clear)
		if clear != 0 {
			t.Error("the token is stored in clear")
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		idle := h.signIn()
		h.pass(iam.SessionIdle)
		if _, err := h.Find(t.Context(), idle); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("idle for two weeks: %v", err)
		}
		busy := h.signIn()
		for range 9 {
			h.pass(10*24*time.Hour - time.Minute)
			if _, err := h.Find(t.Context(), busy); err != nil {
				t.Fatalf("in use, and ended: %v", err)
			}
		}
		h.pass(time.Hour)
		if _, err := h.Find(t.Context(), busy); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("ninety days: %v", err)
		}
		h.signIn()
		var n int64
		if h.db.Table("sessions").Count(&n); n != 1 {
			t.Errorf("%d rows: old ones are kept", n)
		}
	})
}

func TestSessionsThatAreOverAreForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		count := func() (n int) {
			t.Helper()
			if err := h.db.Raw("SELECT COUNT(*) FROM sessions").Scan(&n).Error; err != nil {
				t.Fatal(err)
			}
			return n
		}
		// More than one deed takes, and none that its owner would clear away by signing in.
		err := h.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, verified_at, address, agent, id)
SELECT CAST(CAST(i AS TEXT) AS `+map[string]string{migrations.SQLite: "BLOB", migrations.Postgres: "BYTEA"}[db.Dialect()]+`), ?, 0, ?, ?, 0, '', '', CAST(i AS TEXT) FROM n`,
			string(h.homer.ID), h.clock.Load(), h.clock.Load()+1).Error
		if err != nil {
			t.Fatal(err)
		}
		here := h.signIn()
		if err := h.Sweep(t.Context()); err != nil || count() != 2501 {
			t.Fatalf("%d are left of those that still hold, %v", count(), err)
		}
		h.pass(time.Second)
		if err := h.Sweep(t.Context()); err != nil || count() != 1 {
			t.Fatalf("%d are left, %v", count(), err)
		}
		if _, err := h.Find(t.Context(), here); err != nil {
			t.Fatalf("Homer was signed out: %v", err)
		}
		h.pass(iam.SessionIdle)
		if err := h.Sweep(t.Context()); err != nil || count() != 0 {
			t.Fatalf("%d are left after two idle weeks, %v", count(), err)
		}
	})
}

func TestWrongPasswordsRest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		wrong := func(email, source string) error {
			_, _, err := h.SignIn(t.Context(), email, "not his password at all", visit(source))
			return err
		}
		for left := 4; left >= 0; left-- {
			var w *iam.WrongPassword
			if err := wrong("homer@simps.net", homersNetwork); !errors.As(err, &w) || w.Left != left || fault.Of(err).Kind != fault.Unauthenticated {
				t.Fatalf("%v, want %d left", err, left)
			}
		}
		_, _, err := h.SignIn(t.Context(), "homer@simps.net", homersPassword, visit(homersNetwork))
		if !errors.Is(err, iam.ErrResting) || fault.Of(err).RetryAfter != 5*time.Minute {
			t.Errorf("no rest after five: %v", err)
		}
		if _, _, err := h.SignIn(t.Context(), "homer@simps.net", homersPassword, visit("198.51.100.1")); err != nil {
			t.Errorf("Homer is locked out everywhere: %v", err)
		}
		h.pass(5 * time.Minute)
		h.signIn()
		if err := wrong("nobody@simps.net", homersNetwork); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("an unknown address sounds different: %v", err)
		}
		if err := wrong("not an address", homersNetwork); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("a malformed address sounds different: %v", err)
		}
		t.Run("many at once are still five", func(t *testing.T) {
			results := make(chan error, 20)
			for range cap(results) {
				go func() { results <- wrong("homer@simps.net", "203.0.113.5") }()
			}
			tried := 0
			for range cap(results) {
				if errors.Is(<-results, iam.ErrWrong) {
					tried++
				}
			}
			if tried != 5 {
				t.Errorf("%d passwords were tried", tried)
			}
		})
	})
}

func TestOneAddressWithManyNamesRests(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	var err error
	for i := 0; i < 60 && !errors.Is(err, iam.ErrResting); i++ {
		_, _, err = h.SignIn(t.Context(), "user"+iam.NewID()+"@simps.net", "not the password at all", visit(homersNetwork))
	}
	if !errors.Is(err, iam.ErrResting) {
		t.Errorf("never rests: %v", err)
	}
}

func TestARightPasswordForgetsWrongOnes(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	for range 3 {
		for range 4 {
			_, _, _ = h.SignIn(t.Context(), "homer@simps.net", "not his password at all", visit(homersNetwork))
		}
		h.signIn()
	}
}

// Two replicas on one PostgreSQL: tries, sessions and revocations reach both.
func TestTwoReplicasAreOneSystem(t *testing.T) {
	db := dbtest.Postgres(t)
	a := newHouse(t, db)
	keyset := filepath.Join(t.TempDir(), "keyset")
	a2 := replica(t, db, keyset, a.clock)
	b := replica(t, db, keyset, a.clock)
	for range 5 {
		_, _, _ = a2.SignIn(t.Context(), "homer@simps.net", "not his password at all", visit(homersNetwork))
	}
	if _, _, err := b.SignIn(t.Context(), "homer@simps.net", homersPassword, visit(homersNetwork)); !errors.Is(err, iam.ErrResting) {
		t.Errorf("the other replica gives five more tries: %v", err)
	}
	a.pass(6 * time.Minute)
	token, _, err := a2.SignIn(t.Context(), "homer@simps.net", homersPassword, visit(homersNetwork))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Find(t.Context(), token); err != nil {
		t.Errorf("the other replica does not know the session: %v", err)
	}
	if err := db.Gorm.Transaction(func(tx *gorm.DB) error { return a2.Revoke(tx, a.homer.ID) }); err != nil {
		t.Fatal(err)
	}
	if _, err := a2.Find(t.Context(), token); !errors.Is(err, iam.ErrSignedOut) {
		t.Errorf("revoked, and works here: %v", err)
	}
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err = b.Find(t.Context(), token); errors.Is(err, iam.ErrSignedOut) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("revoked, and works on the other replica: %v", err)
		}
	}
	if err := db.Gorm.Transaction(func(tx *gorm.DB) error { return a2.settings.Set(tx, iam.SettingSignUp, iam.SignUpOpen) }); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if v, err := b.settings.Get(t.Context(), iam.SettingSignUp); err == nil && v == iam.SignUpOpen {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a setting does not reach the other replica")
		}
	}
}

// A session that opens while its owner is switched off, or whose row outlived that.
func TestASessionOfWhoIsSwitchedOffOpensNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		token := h.signIn()
		if err := h.db.Exec("UPDATE users SET state = 'disabled'").Error; err != nil {
			t.Fatal(err)
		}
		if _, err := h.Find(t.Context(), token); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("%v", err)
		}
	})
}

// A browser that was left open is no place to guess a password.
func TestWhoGuessesAtAProofRests(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	token := h.signIn()
	for range 5 {
		if _, err := h.Verify(t.Context(), token, iam.Proof{Password: "not his password at all"}, visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
			t.Fatal(err)
		}
	}
	if _, err := h.Verify(t.Context(), token, iam.Proof{Password: homersPassword}, visit(homersNetwork)); !errors.Is(err, iam.ErrResting) {
		t.Errorf("no rest after five: %v", err)
	}
}

func TestVerifyAsksAgain(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	token := h.signIn()
	h.pass(time.Hour)
	if _, err := h.Verify(t.Context(), token, iam.Proof{Password: "not his password at all"}, visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
		t.Errorf("got %v", err)
	}
	if _, err := h.Verify(t.Context(), token, iam.Proof{Password: homersPassword}, visit(homersNetwork)); err != nil {
		t.Fatal(err)
	}
	s, err := h.Find(t.Context(), token)
	if err != nil || s.VerifiedAt.Unix() != h.clock.Load()/1e6 {
		t.Errorf("%+v %v", s, err)
	}
	for after, fresh := range map[time.Duration]bool{10*time.Minute - time.Microsecond: true, 10 * time.Minute: false} {
		if s.Fresh(s.VerifiedAt.Add(after)) != fresh {
			t.Errorf("after %s: the proof counts %t", after, !fresh)
		}
	}
}

func TestOldHashesAreMadeAnew(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	// "password" hashed by the reference implementation with m=65536, t=2, p=1.
	const old = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if err := h.Users.SetPassword(h.db, h.homer.ID, old); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.SignIn(t.Context(), "homer@simps.net", "password", visit(homersNetwork)); err != nil {
		t.Fatalf("the reference vector does not fit: %v", err)
	}
	var hash string
	h.db.Raw("SELECT password_hash FROM users").Scan(&hash)
	fits, stale, err := h.Passwords.Check(t.Context(), hash, "password")
	if hash == old || !fits || stale || err != nil {
		t.Errorf("%s %v %v %v", hash, fits, stale, err)
	}
}

func TestTheGateObeysTheCaller(t *testing.T) {
	p := iam.NewPasswords()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failed := false
	for range 64 { // select is fair: sooner or later it looks at the context
		if _, err := p.Hash(ctx, "x"); errors.Is(err, context.Canceled) {
			failed = true
			break
		}
	}
	if !failed {
		t.Error("a caller who hung up is still served")
	}
	if fits, _, err := p.Check(t.Context(), "", "anything"); fits || err != nil {
		t.Errorf("nobody's password fits: %v %v", fits, err)
	}
	for _, broken := range []string{"x", "$argon2id$v=19$m=1$a$b", "$argon2id$v=19$m=64,t=1,p=1$!$b", "$2a$10$abc"} {
		if fits, _, err := p.Check(t.Context(), broken, "x"); fits || err == nil {
			t.Errorf("%q: %v %v", broken, fits, err)
		}
	}
}

func TestOneAccountAnAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		if _, err := h.Users.Create(h.db, iam.NewUser{Email: "homer@simps.net", Name: "H", PasswordHash: "x", Home: h.homer.Home}); !errors.Is(err, iam.ErrEmailTaken) {
			t.Errorf("got %v", err)
		}
		if _, err := h.Users.ByEmail(t.Context(), "nobody@simps.net"); !errors.Is(err, iam.ErrUserUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	h := newHouse(b, dbtest.SQLite(b))
	token := h.signIn()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Find(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

package iam_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// session is one of Homer's.
func (h *house) session(token vault.Secret) iam.Session {
	h.t.Helper()
	s, err := h.Find(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// code is what Homer's app shows.
func (h *house) code(secret vault.Secret, later time.Duration) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret.Reveal(), iam.Time(h.clock.Load()).Add(later))
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// turnOn sets Homer's app up.
func (h *house) turnOn(token vault.Secret) (secret vault.Secret, codes []vault.Secret) {
	h.t.Helper()
	return h.turnOnAs(h.session(token))
}

// turnOnFor does so for somebody who signs in for it.
func (h *house) turnOnFor(u iam.User) (secret vault.Secret, codes []vault.Secret) {
	h.t.Helper()
	_, me, err := h.Open(h.t.Context(), u, iam.ByPassword, homersNetwork, "Firefox")
	if err != nil {
		h.t.Fatal(err)
	}
	return h.turnOnAs(me)
}

func (h *house) turnOnAs(me iam.Session) (secret vault.Secret, codes []vault.Secret) {
	h.t.Helper()
	c := iam.Credentials{Sessions: h.Sessions}
	app, err := c.AskForApp(h.t.Context(), me, visit(homersNetwork))
	if err != nil {
		h.t.Fatal(err)
	}
	if codes, err = c.TurnAppOn(h.t.Context(), me, app.Ticket, h.code(app.Secret, 0), visit(homersNetwork)); err != nil {
		h.t.Fatal(err)
	}
	return app.Secret, codes
}

// half signs Homer in as far as his password goes.
func (h *house) half() (ticket string) {
	h.t.Helper()
	if err := h.Limits.Share(h.t.Context()); err != nil { // as it does by itself several times a second
		h.t.Fatal(err)
	}
	_, _, err := h.SignIn(h.t.Context(), "homer@simps.net", homersPassword, visit(homersNetwork))
	more, ok := errors.AsType[*iam.NeedsCode](err)
	if !ok {
		h.t.Fatalf("no code is asked for: %v", err)
	}
	return more.Ticket
}

func TestACodeOfTheAppIsGoodOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		secret, _ := h.turnOn(h.signIn())
		give := func(ticket, code string) (iam.Session, error) {
			_, s, err := h.GiveCode(t.Context(), ticket, code, visit(homersNetwork))
			return s, err
		}
		if _, err := give(h.half(), h.code(secret, 0)); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("the code that turned the app on opens the door too: %v", err)
		}
		h.pass(31 * time.Second)
		ticket, code := h.half(), h.code(secret, 0)
		s, err := give(ticket, code)
		if err != nil || s.Method != iam.ByCode || s.Assurance != iam.TwoFactors {
			t.Fatalf("%+v %v", s, err)
		}
		if _, err := give(h.half(), code); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("the same code again: %v", err)
		}
		if _, err := give(ticket, h.code(secret, 30*time.Second)); !errors.Is(err, iam.ErrTicket) {
			t.Errorf("the same ticket again: %v", err)
		}
		h.pass(2 * time.Minute)
		tickets := func() (n int64) { h.db.Table("spent_tickets").Count(&n); return n }
		if err := h.Sweep(t.Context()); err != nil || tickets() == 0 {
			t.Errorf("a ticket that could be shown again is forgotten: %v", err)
		}
		if _, err := give(h.half(), h.code(secret, -30*time.Second)); err != nil {
			t.Errorf("a phone that is half a minute slow: %v", err)
		}
		if _, err := give(h.half(), h.code(secret, -60*time.Second)); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("a minute old: %v", err)
		}
		t.Run("in another browser the ticket is nothing", func(t *testing.T) {
			other := visit(homersNetwork)
			other.Browser = "another cookie"
			if _, _, err := h.GiveCode(t.Context(), h.half(), h.code(secret, 30*time.Second), other); !errors.Is(err, iam.ErrTicket) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("five wrong codes, and a rest", func(t *testing.T) {
			h.pass(time.Hour)
			if err := h.Sweep(t.Context()); err != nil || tickets() != 0 {
				t.Errorf("%d spent tickets stay: %v", tickets(), err)
			}
			ticket := h.half()
			var err error
			for range 6 {
				_, err = give(ticket, "000000")
			}
			if !errors.Is(err, iam.ErrResting) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// What one replica asked, another takes, and neither takes it twice.
func TestATicketIsGoodOnEveryReplica(t *testing.T) {
	db := dbtest.Postgres(t)
	h := newHouse(t, db)
	keyset := filepath.Join(t.TempDir(), "keyset")
	a, b := replica(t, db, keyset, h.clock), replica(t, db, keyset, h.clock)
	secret, _ := a.turnOnFor(h.homer)
	h.pass(31 * time.Second)
	ticket := a.half()
	if _, _, err := b.GiveCode(t.Context(), ticket, h.code(secret, 0), visit(homersNetwork)); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*house{"a": a, "b": b} {
		if _, _, err := r.GiveCode(t.Context(), ticket, h.code(secret, 30*time.Second), visit(homersNetwork)); !errors.Is(err, iam.ErrTicket) && !errors.Is(err, iam.ErrWrong) {
			t.Errorf("%s takes it again: %v", name, err)
		}
	}
}

func TestARecoveryCodeIsGoodOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		token := h.signIn()
		_, codes := h.turnOn(token)
		if len(codes) != 10 {
			t.Fatalf("%d codes", len(codes))
		}
		code := codes[3].Reveal()
		_, s, err := h.GiveCode(t.Context(), h.half(), " "+code[:5]+" "+code[6:], visit(homersNetwork)) // typed in another way
		if err != nil || s.Method != iam.ByRecoveryCode {
			t.Fatalf("%+v %v", s, err)
		}
		if _, _, err := h.GiveCode(t.Context(), h.half(), code, visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("a second time: %v", err)
		}
		c := iam.Credentials{Sessions: h.Sessions}
		if w, err := c.Of(t.Context(), h.homer.ID); err != nil || w.Codes != 9 {
			t.Errorf("%+v %v", w, err)
		}
		if _, err := c.RenewCodes(t.Context(), h.session(token)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.GiveCode(t.Context(), h.half(), codes[4].Reveal(), visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("an old one after new ones were made: %v", err)
		}
		var clear int64
		h.db.Raw("SELECT COUNT(*) FROM recovery_codes WHERE CAST(code_hash AS TEXT) LIKE ?", "%"+code[:5]+"%").Scan(&clear)
		if clear != 0 {
			t.Error("the codes are stored in clear")
		}
	})
}

func TestAShortPasswordLeansOnTheApp(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	c, token := iam.Credentials{Sessions: h.Sessions}, h.signIn()
	me := h.session(token)
	if err := c.SetPassword(t.Context(), me, "duff+beer"); !errors.Is(err, iam.ErrPasswordShort) {
		t.Errorf("without an app: %v", err)
	}
	h.turnOn(token)
	other := h.half()
	if err := c.SetPassword(t.Context(), me, "duff+beer"); err != nil {
		t.Fatal(err)
	}
	if err := c.TurnAppOff(t.Context(), me); !errors.Is(err, iam.ErrPasswordLeans) {
		t.Errorf("a short password alone: %v", err)
	}
	if err := c.SetPassword(t.Context(), me, "duff and beer and donuts"); err != nil {
		t.Fatal(err)
	}
	if err := c.TurnAppOff(t.Context(), me); err != nil {
		t.Error(err)
	}
	if err := c.RemovePassword(t.Context(), me); !errors.Is(err, iam.ErrLastWay) {
		t.Errorf("nothing is left: %v", err)
	}
	if _, _, err := h.GiveCode(t.Context(), other, "000000", visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
		t.Errorf("a half sign-in from before, when no app is asked for: %v", err)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		here, there, third := h.signIn(), h.signIn(), h.signIn()
		me := h.session(here)
		all, err := h.List(t.Context(), h.homer.ID)
		if err != nil || len(all) != 3 || all[0].Agent != "Firefox" || all[0].Source != homersNetwork {
			t.Fatalf("%+v %v", all, err)
		}
		if err := h.End(t.Context(), me, h.session(there).ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Find(t.Context(), there); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("ended, and still open: %v", err)
		}
		if err := h.End(t.Context(), iam.Session{User: "somebody else"}, me.ID); !errors.Is(err, iam.ErrSessionUnknown) {
			t.Errorf("somebody else's: %v", err)
		}
		if err := h.EndOthers(t.Context(), me); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Find(t.Context(), third); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("the others are not ended: %v", err)
		}
		if _, err := h.Find(t.Context(), here); err != nil {
			t.Error(err)
		}
		if err := h.EndOthers(t.Context(), me); err != nil {
			t.Errorf("there are none: %v", err)
		}
	})
}

// Whoever asks learns nothing from how long it takes: each try costs one hash,
// for a known address, an unknown one, and one that no password opens.
func TestEachTryCostsOneHash(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	if err := h.db.Exec("INSERT INTO users (id, email, name, password_hash, home_org_id, state, created_at) SELECT 'm', 'marge@simps.net', 'Marge', '', home_org_id, 'active', 0 FROM users").Error; err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"homer@simps.net", "marge@simps.net", "nobody@simps.net", "no address"} {
		before := h.Passwords.Worked()
		if _, _, err := h.SignIn(t.Context(), email, "not the password at all", visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
			t.Fatal(err)
		}
		if n := h.Passwords.Worked() - before; n != 1 {
			t.Errorf("%s cost %d hashes", email, n)
		}
	}
}

func TestEachRestIsLongerThanTheOneBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		try := func() error {
			_, _, err := h.SignIn(t.Context(), "homer@simps.net", "not his password at all", visit(homersNetwork))
			return err
		}
		for _, want := range []time.Duration{5, 10, 20} {
			want *= time.Minute
			for range 4 {
				_ = try()
			}
			var w *iam.WrongPassword
			if err := try(); !errors.As(err, &w) || w.Left != 0 || w.Rest != want {
				t.Fatalf("%+v, want a rest of %v", w, want)
			}
			h.pass(want - time.Second)
			if err := try(); !errors.Is(err, iam.ErrResting) || fault.Of(err).RetryAfter != time.Second {
				t.Fatalf("just before its end: %v", err)
			}
			h.pass(time.Second)
		}
		h.signIn()
		if err := h.Limits.Share(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			_ = try()
		}
		var w *iam.WrongPassword
		if err := try(); !errors.As(err, &w) || w.Rest != 5*time.Minute {
			t.Errorf("a right password forgets no rests: %+v", w)
		}
	})
}

func TestAnAccountThatIsGuessedFromEverywhereRests(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	var err error
	for i := 0; i < 120 && !errors.Is(err, iam.ErrResting); i++ {
		_, _, err = h.SignIn(t.Context(), "homer@simps.net", vault.Secret(make([]byte, 2000)), visit("203.0.113."+string(rune('0'+i))))
	}
	if !errors.Is(err, iam.ErrResting) {
		t.Errorf("never rests: %v", err)
	}
}

func TestAPersonsOwnPageIsProvedAgain(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	token := h.signIn()
	secret, _ := h.turnOn(token)
	h.pass(time.Hour)
	if h.session(token).Fresh(iam.Time(h.clock.Load())) {
		t.Fatal("fresh after an hour")
	}
	if _, err := h.Verify(t.Context(), token, iam.Proof{Password: homersPassword}, visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
		t.Errorf("the password without the app's code: %v", err)
	}
	s, err := h.Verify(t.Context(), token, iam.Proof{Password: homersPassword, Code: h.code(secret, 0)}, visit(homersNetwork))
	if err != nil || s.Assurance != iam.TwoFactors || !s.Fresh(iam.Time(h.clock.Load())) {
		t.Errorf("%+v %v", s, err)
	}
	if found := h.session(token); found.Method != iam.ByCode || !found.Fresh(iam.Time(h.clock.Load())) {
		t.Errorf("%+v", found)
	}
}

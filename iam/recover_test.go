package iam_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/notify"
	"halfkey/iam/notify/notifytest"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

const newPassword = vault.Secret("a quite different sentence")

// lost is a house whose Homer has forgotten his password.
type lost struct {
	*house
	*iam.Recovery
	mail *notifytest.Server
}

func newLost(t *testing.T, db *migrations.DB) *lost {
	t.Helper()
	l := &lost{house: newHouse(t, db), mail: notifytest.Serve(t, nil)}
	m, err := notify.NewMailer(notify.MailConfig{Host: l.mail.Host, Port: l.mail.Port, From: "halfkey@simps.net", Mode: notify.Plain})
	if err != nil {
		t.Fatal(err)
	}
	post := &notify.Service{DB: db.Gorm, Vault: l.Vault, Mailer: m, Now: l.Now, Log: slog.New(slog.DiscardHandler),
		Base: func(context.Context) string { return "https://halfkey.example" },
		Write: func(kind string, d notify.Data) (notify.Words, error) {
			return notify.Words{Subject: kind, Text: d["Link"]}, nil
		}}
	l.Recovery = &iam.Recovery{Sessions: l.house.Sessions, Links: &iam.Links{DB: db.Gorm, Vault: l.Vault, Now: l.Now}, Post: post,
		MayHelp: func(context.Context, iam.UserID, iam.UserID) error { return nil }}
	post.Later = l.Later()
	return l
}

// carry lets the queue's work be done: every letter that waits, and what follows from it.
func (l *lost) carry() {
	l.t.Helper()
	for {
		var ids []string
		if err := l.db.Raw("SELECT id FROM letters WHERE state = 'waiting' ORDER BY created_at").Scan(&ids).Error; err != nil {
			l.t.Fatal(err)
		}
		if len(ids) == 0 {
			return
		}
		for _, id := range ids {
			job := &river.Job[notify.Delivery]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: notify.Delivery{Letter: id}}
			if err := (notify.Postman{Service: l.Post}).Work(l.t.Context(), job); err != nil {
				l.t.Fatal(err)
			}
		}
	}
}

// ask asks for a link and reads its token in the mail.
func (l *lost) ask() string {
	l.t.Helper()
	if err := l.Ask(l.t.Context(), "Homer@simps.net", homersNetwork); err != nil {
		l.t.Fatal(err)
	}
	l.carry()
	return l.token()
}

func (l *lost) token() string {
	l.t.Helper()
	text := l.mail.Await(l.t, "homer@simps.net").Text
	_, token, ok := strings.Cut(strings.TrimSpace(text), "https://halfkey.example/recover/")
	if !ok {
		l.t.Fatalf("no link in %q", text)
	}
	return token
}

func (l *lost) finish(token, code string) error {
	l.t.Helper()
	_, _, err := l.Finish(l.t.Context(), token, newPassword, code, homersNetwork)
	return err
}

func TestTheWayBackByMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		l := newLost(t, db)
		open := l.signIn()
		token := l.ask()
		if way, err := l.Show(t.Context(), token); err != nil || way.User.Email != "homer@simps.net" || way.Second {
			t.Fatalf("%+v %v", way, err)
		}
		if _, err := l.Find(t.Context(), open); err != nil {
			t.Fatalf("asking alone ended a session: %v", err)
		}
		if _, _, err := l.Finish(t.Context(), token, "short", "", homersNetwork); !errors.Is(err, iam.ErrForm) {
			t.Fatalf("got %v", err)
		}
		if err := l.finish(token, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Find(t.Context(), open); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("a session stays open: %v", err)
		}
		if _, _, err := l.SignIn(t.Context(), "homer@simps.net", newPassword, visit(homersNetwork)); err != nil {
			t.Errorf("the new password does not fit: %v", err)
		}
		if _, _, err := l.SignIn(t.Context(), "homer@simps.net", homersPassword, visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
			t.Errorf("the old one does: %v", err)
		}
		if err := l.finish(token, ""); !errors.Is(err, iam.ErrLink) {
			t.Errorf("twice: %v", err)
		}
		if at, err := l.Users.Confirmed(t.Context(), l.homer.ID); err != nil || at.IsZero() {
			t.Errorf("he has read his mail, and it is not known: %v", err)
		}
		l.carry()
		if told := l.mail.Await(t, "homer@simps.net"); told.Subject != "recovered" {
			t.Errorf("he is not told: %q", told.Subject)
		}
		if n, err := l.Post.Notices(t.Context(), string(l.homer.ID)); err != nil || len(n) != 1 || n[0].Kind != "recovered" {
			t.Errorf("%v %v", n, err)
		}
		verbs := map[string]bool{}
		lines, err := audit.List(t.Context(), l.db, audit.Filter{Tenant: string(l.homer.Home), Limit: 100})
		for _, e := range lines {
			verbs[e.Verb] = true
		}
		if err != nil || !verbs["recovery.ask"] || !verbs["account.recover"] {
			t.Errorf("the trail says %v, %v", verbs, err)
		}
		var clear int64
		l.db.Raw("SELECT COUNT(*) FROM links WHERE CAST(token_hash AS TEXT) LIKE ?", "%"+token+"%").Scan(&clear)
		if clear != 0 {
			t.Error("the token is stored in clear")
		}
	})
}

// counting counts what the database is asked.
type counting struct {
	logger.Interface
	n atomic.Int64
}

func (c *counting) Trace(context.Context, time.Time, func() (string, int64), error) { c.n.Add(1) }
func (c *counting) LogMode(logger.LogLevel) logger.Interface                        { return c }

// Not by the clock, but by what is done: an unknown address costs the same
// statements, the same hashes and gets the same answer.
func TestAnUnknownAddressCostsTheSame(t *testing.T) {
	l := newLost(t, dbtest.SQLite(t))
	l.ask() // so that nothing is done for the first time
	c := &counting{Interface: logger.Discard}
	l.house.Sessions.DB = l.db.Session(&gorm.Session{Logger: c})
	cost := func(address string) int64 {
		t.Helper()
		before := c.n.Load()
		if err := l.Ask(t.Context(), address, homersNetwork); err != nil {
			t.Fatal(err)
		}
		return c.n.Load() - before
	}
	known, unknown := cost("homer@simps.net"), cost("nobody@simps.net")
	if known != unknown || known == 0 {
		t.Errorf("a known address asks the database %d times, an unknown one %d times", known, unknown)
	}
	l.house.Sessions.DB = l.db
	l.carry()
	for _, letter := range l.mail.Letters() {
		if letter.To != "homer@simps.net" {
			t.Errorf("a mail went to %s", letter.To)
		}
	}
}

func TestARecoveryLinkEnds(t *testing.T) {
	l := newLost(t, dbtest.SQLite(t))
	for name, end := range map[string]func(){
		"after half an hour":    func() { l.pass(iam.RecoveryLife) },
		"with a newer one":      func() { l.ask() },
		"with the account":      func() { l.db.Exec("UPDATE users SET state = 'disabled'") },
		"with the address":      func() { l.db.Exec("UPDATE users SET email = 'max@simps.net'") },
		"when it never was":     nil,
		"when it is for others": nil,
	} {
		t.Run(name, func(t *testing.T) {
			l.db.Exec("UPDATE users SET state = 'active', email = 'homer@simps.net'")
			l.pass(2 * time.Hour)
			token := l.ask()
			switch {
			case end != nil:
				end()
			case name == "when it never was":
				token = iam.RandomToken().Reveal()
			default:
				link := iam.Link{Purpose: iam.LinkConfirm, User: l.homer.ID, Email: l.homer.Email}
				other, err := l.Links.Make(l.db, link, time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				token = other.Reveal()
			}
			if _, err := l.Show(t.Context(), token); !errors.Is(err, iam.ErrLink) {
				t.Errorf("it is shown: %v", err)
			}
			if err := l.finish(token, ""); !errors.Is(err, iam.ErrLink) {
				t.Errorf("it opens: %v", err)
			}
		})
	}
}

func TestOfTwoWithOneLinkOneComesTooLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		l := newLost(t, db)
		token := l.ask()
		results := make(chan error, 4)
		for range cap(results) {
			go func() { results <- l.finish(token, "") }()
		}
		well := 0
		for range cap(results) {
			if err := <-results; err == nil {
				well++
			} else if !errors.Is(err, iam.ErrLink) {
				t.Errorf("got %v", err)
			}
		}
		if well != 1 {
			t.Errorf("%d came in", well)
		}
	})
}

// A mailbox alone is not enough for somebody who has set up more than a password.
func TestTheLinkAloneIsTooLittleForTwoFactors(t *testing.T) {
	l := newLost(t, dbtest.SQLite(t))
	const code = "ABCDE-12345"
	add := func() {
		t.Helper()
		sum := l.Vault.MAC("recovery-code", []byte(l.homer.ID), []byte("ABCDE12345"))
		if err := l.db.Exec("INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES (?, ?, 0)", string(l.homer.ID), sum).Error; err != nil {
			t.Fatal(err)
		}
	}
	add()
	token := l.ask()
	if way, err := l.Show(t.Context(), token); err != nil || !way.Second {
		t.Fatalf("%+v %v", way, err)
	}
	for _, wrong := range []string{"", "123456", "ABCDE-12346"} {
		if err := l.finish(token, wrong); !errors.Is(err, iam.ErrForm) {
			t.Errorf("%q opens: %v", wrong, err)
		}
	}
	if _, _, err := l.SignIn(t.Context(), "homer@simps.net", newPassword, visit(homersNetwork)); !errors.Is(err, iam.ErrWrong) {
		t.Errorf("the password was set: %v", err)
	}
	if err := l.finish(token, code); err != nil {
		t.Fatal(err)
	}
	t.Run("guessing rests", func(t *testing.T) {
		l.pass(2 * time.Hour)
		token := l.ask()
		var err error
		for range 6 {
			err = l.finish(token, "00000-00000")
		}
		if !errors.Is(err, iam.ErrResting) {
			t.Errorf("never rests: %v", err)
		}
	})
	t.Run("whoever answers for him may send him without", func(t *testing.T) {
		l.pass(2 * time.Hour)
		if token, err := l.Help(audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: "marge", Name: "Marge"}), "marge", l.homer.ID); err != nil || token != "" {
			t.Fatalf("the helper sees the link although there is mail: %v %v", token != "", err)
		}
		l.carry()
		if err := l.finish(l.token(), ""); err != nil {
			t.Fatal(err)
		}
		var left int64
		if l.db.Raw("SELECT COUNT(*) FROM recovery_codes").Scan(&left); left != 0 {
			t.Error("the codes that were lost still open")
		}
	})
}

func TestHelpWithoutMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		l := newLost(t, db)
		l.Post.Mailer = nil
		if err := l.Ask(t.Context(), "homer@simps.net", homersNetwork); !errors.Is(err, iam.ErrNoMail) {
			t.Errorf("got %v", err)
		}
		beyond := fault.New(fault.Refused, "beyond", "No.")
		allowed := true
		l.MayHelp = func(_ context.Context, helper, who iam.UserID) error {
			if helper == "marge" && who == l.homer.ID && allowed {
				return nil
			}
			return beyond
		}
		if _, err := l.Help(t.Context(), "bart", l.homer.ID); !errors.Is(err, beyond) {
			t.Errorf("got %v", err)
		}
		first, err := l.Help(t.Context(), "marge", l.homer.ID)
		if err != nil {
			t.Fatal(err)
		}
		allowed = false // she lost her role, or he got a higher one
		if err := l.finish(first.Reveal(), ""); !errors.Is(err, iam.ErrLink) {
			t.Errorf("a link of somebody who may not any more opens: %v", err)
		}
		allowed = true
		if err := l.finish(first.Reveal(), ""); err != nil {
			t.Fatal(err)
		}
		if at, err := l.Users.Confirmed(t.Context(), l.homer.ID); err != nil || !at.IsZero() {
			t.Errorf("a link that was passed on by hand confirms the address: %v %v", at, err)
		}
		console, err := l.FromConsole(t.Context(), "homer@simps.net")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.finish(console.Reveal(), ""); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNobodysMailboxIsFilled(t *testing.T) {
	l := newLost(t, dbtest.SQLite(t))
	for range 10 {
		if err := l.Ask(t.Context(), "homer@simps.net", homersNetwork); err != nil {
			t.Fatal(err)
		}
	}
	l.carry()
	if n := len(l.mail.Letters()); n != 3 {
		t.Errorf("%d mails in one hour", n)
	}
	var err error
	for range 30 {
		err = l.Ask(t.Context(), "u"+iam.NewID()+"@simps.net", homersNetwork)
	}
	if !errors.Is(err, iam.ErrResting) {
		t.Errorf("one network asks for ever: %v", err)
	}
	if err := l.Ask(t.Context(), "not an address", "198.51.100.1"); !errors.Is(err, iam.ErrForm) {
		t.Errorf("got %v", err)
	}
}

func TestLinksThatAreOverAreForgotten(t *testing.T) {
	l := newLost(t, dbtest.SQLite(t))
	l.ask()
	l.pass(iam.SessionLife + time.Hour)
	var n int64
	if err := errors.Join(l.Links.Sweep(t.Context()), l.db.Raw("SELECT COUNT(*) FROM links").Scan(&n).Error); err != nil || n != 0 {
		t.Errorf("%d are left, %v", n, err)
	}
}

package iam_test

import (
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestBrowsersThatStayAwayAreForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		l := newLost(t, db)
		b := &iam.Browsers{DB: db.Gorm, Vault: l.Vault, Post: l.Post}
		first, second := iam.RandomToken(), iam.RandomToken()
		seen := func(browser string) {
			t.Helper()
			if err := b.Seen(t.Context(), l.homer, secret(browser), "Firefox"); err != nil {
				t.Fatal(err)
			}
		}
		letters := func() int {
			l.carry()
			return len(l.mail.Letters())
		}
		seen(first.Reveal())
		seen(first.Reveal())
		if n := letters(); n != 0 {
			t.Errorf("%d letters about the first browser of all", n)
		}
		seen(second.Reveal())
		if n := letters(); n != 1 {
			t.Errorf("%d letters about a new one", n)
		}
		l.pass(5 * iam.SessionLife)
		seen(first.Reveal())
		var n int64
		if err := errors.Join(b.Sweep(t.Context()), db.Gorm.Raw("SELECT COUNT(*) FROM known_browsers").Scan(&n).Error); err != nil || n != 1 {
			t.Errorf("%d are kept, %v", n, err)
		}
	})
}

func TestANoticeWaitsUntilItIsPutAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		l := newLost(t, db)
		me := string(l.homer.ID)
		tell := func() {
			t.Helper()
			if err := db.Gorm.Transaction(func(tx *gorm.DB) error {
				return l.Post.Tell(t.Context(), tx, []string{me}, "role-given", notify.Data{"Org": "Moe's"})
			}); err != nil {
				t.Fatal(err)
			}
			l.carry()
		}
		tell()
		all, err := l.Post.Notices(t.Context(), me)
		if err != nil || len(all) != 1 || all[0].Data["Org"] != "Moe's" || len(l.mail.Letters()) != 1 {
			t.Fatalf("%+v %v", all, err)
		}
		if err := l.Post.Dismiss(t.Context(), "marge", all[0].ID); err != nil {
			t.Fatal(err)
		}
		if again, err := l.Post.Notices(t.Context(), me); err != nil || len(again) != 1 {
			t.Errorf("somebody else put it away: %v %v", again, err)
		}
		if err := l.Post.Dismiss(t.Context(), me, all[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := db.Gorm.Transaction(func(tx *gorm.DB) error { return l.Post.Mute(tx, me, "role-given", true) }); err != nil {
			t.Fatal(err)
		}
		tell()
		if again, err := l.Post.Notices(t.Context(), me); err != nil || len(again) != 1 || len(l.mail.Letters()) != 1 {
			t.Errorf("muted: %d notices, %d letters, %v", len(again), len(l.mail.Letters()), err)
		}
		l.pass(31 * 24 * time.Hour)
		if err := l.Post.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int64
		if db.Gorm.Raw("SELECT COUNT(*) FROM notices").Scan(&n); n != 1 {
			t.Errorf("%d notices are kept", n)
		}
	})
}

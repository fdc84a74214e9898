package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"halfkey/iam/notify"
	"halfkey/iam/notify/notifytest"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

const link = "Wm9tYmllcw-the-link-that-opens"

type post struct {
	*notify.Service
	t      *testing.T
	db     *migrations.DB
	server *notifytest.Server
	clock  atomic.Int64
	log    strings.Builder
}

func newPost(t *testing.T, db *migrations.DB) *post {
	t.Helper()
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	if err != nil {
		t.Fatal(err)
	}
	p := &post{t: t, db: db, server: notifytest.Serve(t, nil)}
	p.clock.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	m, err := notify.NewMailer(notify.MailConfig{Host: p.server.Host, Port: p.server.Port, From: "Halfkey <halfkey@simps.net>", Mode: notify.Plain})
	if err != nil {
		t.Fatal(err)
	}
	p.Service = &notify.Service{
		DB: db.Gorm, Vault: v, Mailer: m, Log: slog.New(slog.NewTextHandler(&p.log, nil)),
		Base: func(context.Context) string { return "https://halfkey.example" },
		Now:  func() time.Time { return time.UnixMicro(p.clock.Load()) },
		Write: func(kind string, d notify.Data) (notify.Words, error) {
			return notify.Words{Subject: kind + " " + d["Name"], Text: "Hello " + d["Name"] + "\n" + d["Link"], HTML: "<p>" + d["Link"]}, nil
		},
	}
	return p
}

func (p *post) put(l notify.Letter) {
	p.t.Helper()
	if err := p.db.Gorm.Transaction(func(tx *gorm.DB) error { return p.Mail(p.t.Context(), tx, l) }); err != nil {
		p.t.Fatal(err)
	}
}

// try carries the only letter once, as the queue would.
func (p *post) try(attempt int) error {
	p.t.Helper()
	var id string
	if err := p.db.Gorm.Raw("SELECT id FROM letters").Scan(&id).Error; err != nil || id == "" {
		p.t.Fatal("no letter", err)
	}
	job := &river.Job[notify.Delivery]{JobRow: &rivertype.JobRow{Attempt: attempt}, Args: notify.Delivery{Letter: id}}
	return notify.Postman{Service: p.Service}.Work(p.t.Context(), job)
}

func (p *post) letter() (state string, wiped bool) {
	p.t.Helper()
	if err := p.db.Gorm.Raw("SELECT state, sealed IS NULL FROM letters").Row().Scan(&state, &wiped); err != nil {
		p.t.Fatal(err)
	}
	return state, wiped
}

func TestALetterArrivesAndIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		p := newPost(t, db)
		workers := river.NewWorkers()
		river.AddWorker(workers, notify.Postman{Service: p.Service})
		jobs, err := migrations.NewJobs(db, migrations.JobsConfig{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if err := jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer jobs.Stop(context.Background())
		p.put(notify.Letter{Kind: "recover", To: "marge@simps.net", Data: notify.Data{"Name": "Marge", notify.Path: "/recover/" + link}})
		l := p.server.Await(t, "marge@simps.net")
		if l.From != "halfkey@simps.net" || l.Subject != "recover Marge" || !strings.Contains(l.Text, "https://halfkey.example/recover/"+link) || !strings.Contains(l.HTML, link) {
			t.Errorf("%+v", l)
		}
		if l.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(l.Header.Get("Message-Id"), "@simps.net>") {
			t.Errorf("%v", l.Header)
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if state, wiped := p.letter(); state == "sent" && wiped {
				break
			} else if time.Now().After(end) {
				t.Fatalf("it is still there: %s, wiped %v", state, wiped)
			}
		}
	})
}

// A link that is a permission lies nowhere in clear: not in the letter's row,
// not in the queue, not in the log.
func TestALettersLinkIsNowhereToBeRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		p := newPost(t, db)
		p.put(notify.Letter{Kind: "recover", To: "marge@simps.net", Data: notify.Data{notify.Path: "/recover/" + link}})
		p.server.Refuse(450, "4.2.1 marge@simps.net is away, not taking /recover/"+link)
		if err := p.try(1); err == nil || strings.Contains(err.Error(), link) || strings.Contains(err.Error(), "marge") {
			t.Errorf("got %v", err)
		}
		if state, wiped := p.letter(); state != "waiting" || wiped {
			t.Errorf("%s, wiped %v", state, wiped)
		}
		var args, sealed []byte
		if err := db.Gorm.Raw("SELECT args FROM river_job").Row().Scan(&args); err != nil {
			t.Fatal(err)
		}
		if err := db.Gorm.Raw("SELECT sealed FROM letters").Row().Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		for what, text := range map[string]string{"the queue": string(args), "the row": string(sealed), "the log": p.log.String()} {
			if strings.Contains(text, link) || strings.Contains(text, "marge") {
				t.Errorf("%s holds it: %q", what, text)
			}
		}
	})
}

func TestWhatComesOfALetter(t *testing.T) {
	for name, run := range map[string]struct {
		code  int
		wait  time.Duration
		life  time.Duration
		fails bool
		state string
	}{
		"taken":                             {state: "sent"},
		"a server that asks to come again":  {code: 450, fails: true, state: "waiting"},
		"nobody there":                      {code: 550, state: "refused"},
		"too late for a link of 30 minutes": {wait: 30 * time.Minute, life: 30 * time.Minute, state: "late"},
		"three days":                        {wait: 72 * time.Hour, state: "late"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t, dbtest.SQLite(t))
			p.put(notify.Letter{Kind: "x", To: "marge@simps.net", Life: run.life})
			if run.code != 0 {
				p.server.Refuse(run.code, "no")
			}
			p.clock.Add(run.wait.Microseconds())
			if err := p.try(1); (err != nil) != run.fails {
				t.Errorf("got %v", err)
			}
			if state, wiped := p.letter(); state != run.state || wiped == run.fails {
				t.Errorf("%s, wiped %v", state, wiped)
			}
			if run.state != "sent" && len(p.server.Letters()) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

func TestRetriesSpanDays(t *testing.T) {
	p := newPost(t, dbtest.SQLite(t))
	p.clock.Store(0)
	man, total := notify.Postman{Service: p.Service}, time.Duration(0)
	for attempt := 1; attempt < (notify.Delivery{}).InsertOpts().MaxAttempts; attempt++ {
		wait := man.NextRetry(&river.Job[notify.Delivery]{JobRow: &rivertype.JobRow{Attempt: attempt}}).Sub(p.Now())
		if attempt == 1 && wait > time.Minute || wait > 12*time.Hour {
			t.Errorf("attempt %d waits %s", attempt, wait)
		}
		total += wait
	}
	if total < 48*time.Hour {
		t.Errorf("given up after %s", total)
	}
}

func TestALetterOfADeedThatFailedNeverLeaves(t *testing.T) {
	p := newPost(t, dbtest.SQLite(t))
	stop := errors.New("stop")
	err := p.db.Gorm.Transaction(func(tx *gorm.DB) error {
		if err := p.Mail(t.Context(), tx, notify.Letter{Kind: "x", To: "marge@simps.net"}); err != nil {
			t.Fatal(err)
		}
		return stop
	})
	var n int64
	if !errors.Is(err, stop) || p.db.Gorm.Raw("SELECT (SELECT COUNT(*) FROM letters) + (SELECT COUNT(*) FROM river_job)").Scan(&n).Error != nil || n != 0 {
		t.Errorf("%v, %d rows are left", err, n)
	}
}

func TestNoWordBecomesAHeader(t *testing.T) {
	p := newPost(t, dbtest.SQLite(t))
	p.put(notify.Letter{Kind: "x", To: "marge@simps.net", Data: notify.Data{"Name": "Bart\r\nBcc: moe@simps.net\r\n\r\nHa\u2028ha ü"}})
	if err := p.try(1); err != nil {
		t.Fatal(err)
	}
	l := p.server.Await(t, "marge@simps.net")
	if l.Header.Get("Bcc") != "" || strings.ContainsAny(l.Subject, "\r\n") || len(p.server.Letters()) != 1 || !strings.Contains(l.Subject, "ü") {
		t.Errorf("%+v", l)
	}
	for _, to := range []string{"marge@simps.net\r\nRCPT TO:<moe@simps.net>", "a@b\nc"} {
		if err := p.db.Gorm.Transaction(func(tx *gorm.DB) error { return p.Mail(t.Context(), tx, notify.Letter{To: to}) }); err == nil {
			t.Errorf("%q is taken for an address", to)
		}
	}
}

func TestTheSweepWipesWhatNobodyWillSend(t *testing.T) {
	p := newPost(t, dbtest.SQLite(t))
	p.put(notify.Letter{Kind: "x", To: "marge@simps.net"})
	p.clock.Add((72 * time.Hour).Microseconds())
	if err := p.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, wiped := p.letter(); state != "late" || !wiped {
		t.Errorf("%s, wiped %v", state, wiped)
	}
	p.clock.Add((31 * 24 * time.Hour).Microseconds())
	var n int64
	if err := errors.Join(p.Sweep(t.Context()), p.db.Gorm.Raw("SELECT COUNT(*) FROM letters").Scan(&n).Error); err != nil || n != 0 {
		t.Errorf("%v, %d are left", err, n)
	}
}

func FuzzNewMailer(f *testing.F) {
	for _, s := range []string{"halfkey@simps.net", "Halfkey <halfkey@simps.net>", "a@b\r\nBcc: c@d", "<>", "a@b, c@d"} {
		f.Add("mail.example", s)
	}
	f.Fuzz(func(t *testing.T, host, from string) {
		if m, err := notify.NewMailer(notify.MailConfig{Host: host, From: from, Mode: notify.TLS}); err == nil && (m == nil || strings.ContainsAny(host+from, "\r\n\x00")) {
			t.Fatalf("%q %q pass", host, from)
		}
	})
}

package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"halfkey/iam/notify"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
	"halfkey/web/webtest"
)

// chore is a job that fails until it may work.
type chore struct {
	Name string `json:"name"`
}

func (chore) Kind() string { return "chore" }

type choreman struct {
	river.WorkerDefaults[chore]
	works chan struct{}
}

func (m *choreman) Work(context.Context, *river.Job[chore]) error {
	select {
	case <-m.works:
		return nil
	default:
		return errors.New(`Post "https://api.example.com/x?api_key=SECRET4711": refused`)
	}
}

// eventually tries until it is so, for ten seconds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 400 {
		if is() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal(what)
}

func shows(t *testing.T, b *webtest.Browser, path, text string) bool {
	t.Helper()
	return strings.Contains(b.Get(t, path).Wants(t, 200).Body, text)
}

func TestADeadJobIsFoundAndTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		admin, man := frink(t, s), &choreman{works: make(chan struct{})}
		admin.Get(t, "/admin/health").Wants(t, 200).Says(t, "Nothing is broken", "Last looked at")
		workers := river.NewWorkers()
		river.AddWorker(workers, man)
		jobs, err := migrations.NewJobs(db, migrations.JobsConfig{Workers: workers})
		if err == nil {
			err = jobs.Start(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		defer jobs.Stop(context.Background())
		put := func() {
			t.Helper()
			err := db.Gorm.WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
				return migrations.Enqueue(tx, chore{"one"}, &river.InsertOpts{MaxAttempts: 1})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		put()
		put()
		eventually(t, "the dead jobs are not found", func() bool { return shows(t, admin, "/admin/health", "2 jobs were given up") })
		admin.Get(t, "/admin/health").Says(t, "https://api.example.com/x?…", `action="/admin/jobs/kinds/chore/retry"`).Silent(t, "SECRET4711")
		page := admin.Get(t, "/admin/jobs?state=discarded").Wants(t, 200).Says(t, "Given up 2", "1 of 1", "refused").Silent(t, "SECRET4711")
		admin.Get(t, "/admin/jobs").Wants(t, 200).Says(t, "Given up")
		drop := page.Find(t, `action="(/admin/jobs/\d+/drop)"`)
		for _, b := range []*webtest.Browser{s.Homer, s.Marge} {
			b.Get(t, "/admin/health").Wants(t, 404)
			b.Get(t, "/admin/jobs").Wants(t, 404)
			b.Post(t, drop).Wants(t, 404)
			b.Post(t, "/admin/jobs/kinds/chore/retry").Wants(t, 404)
			b.Get(t, "/events?page=health").Wants(t, 404)
		}
		admin.Post(t, drop, "back", "/admin/jobs?state=discarded").Wants(t, 303)
		admin.Post(t, drop).Wants(t, 404)
		admin.Get(t, "/admin/health").Wants(t, 200).Says(t, "1 job was given up")
		close(man.works)
		if to := admin.Post(t, "/admin/jobs/kinds/chore/retry", "back", "/admin/health").Wants(t, 303).Header.Get("Location"); to != "/admin/health" {
			t.Error("leads to", to)
		}
		eventually(t, "the job is not tried again", func() bool { return shows(t, admin, "/admin/health", "Nothing is broken") })
		eventually(t, "its second try is not shown", func() bool { return shows(t, admin, "/admin/jobs?state=completed", "2 of 2") })
	})
}

func TestAWebhookThatGaveUpIsToldAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		defer there.Close()
		s.Homer.Post(t, "/orgs/"+string(s.Household)+"/webhooks", "url", there.URL+"/hidden-path").Wants(t, 200)
		hooks, err := s.Hooks.List(t.Context(), string(s.Household))
		if err != nil || len(hooks) != 1 {
			t.Fatal(hooks, err)
		}
		err = db.Gorm.Transaction(func(tx *gorm.DB) error { return s.Hooks.Put(tx, hooks[0].ID, "test", map[string]any{"a": 1}) })
		if err != nil {
			t.Fatal(err)
		}
		call := func() {
			t.Helper()
			var id string
			if err := db.Gorm.Raw("SELECT id FROM webhook_calls WHERE state = 'waiting'").Row().Scan(&id); err != nil {
				t.Fatal(err)
			}
			job := &river.Job[notify.Hooking]{Args: notify.Hooking{Call: id}}
			job.JobRow = &rivertype.JobRow{Attempt: 14}
			if err := (notify.Caller{Hooks: s.Hooks}).Work(t.Context(), job); err != nil {
				t.Fatal(err)
			}
		}
		call()
		at, admin := "/broken?org="+string(s.Household), frink(t, s)
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "did not take 1 call", "418").Silent(t, "hidden-path")
		admin.Get(t, "/admin/health").Wants(t, 200).Says(t, "did not take 1 call").Silent(t, "hidden-path")
		admin.Get(t, "/admin/jobs").Wants(t, 200).Says(t, "Webhooks that did not take", "Household").Silent(t, "hidden-path")
		ned := flanders(t, s)
		ned.Post(t, "/webhooks/"+hooks[0].ID+"/again").Wants(t, 404)
		s.Marge.Post(t, "/webhooks/"+hooks[0].ID+"/let-go").Wants(t, 403)
		s.Homer.Post(t, "/webhooks/"+hooks[0].ID+"/again", "back", at).Wants(t, 303)
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "Nothing is broken")
		s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "told again what it did not take")
		call()
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "did not take 1 call")
		s.Homer.Post(t, "/webhooks/"+hooks[0].ID+"/let-go").Wants(t, 303)
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "Nothing is broken")
	})
}

func TestAConnectorsTroubleIsFoundByWhoMayMendIt(t *testing.T) {
	s, there, connector := connected(t)
	at, admin, ned := "/broken?org="+string(s.Household), frink(t, s), flanders(t, s)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Nothing is broken")
	s.Marge.Get(t, at).Wants(t, 403)
	ned.Get(t, at).Wants(t, 404)

	there.db.Exec("DELETE FROM account_keys WHERE id IN (SELECT id FROM account_keys ORDER BY created_at, id LIMIT 1)")
	s.Homer.Post(t, connector+"/check").Wants(t, 200)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Hosted of Household: the account is refused", "Reconnect", `href="`+connector+`/settings"`, "Since")
	s.Homer.Get(t, "/?org="+string(s.Household)).Wants(t, 200).Says(t, "1 thing needs a look", at)
	admin.Get(t, "/admin/health").Wants(t, 200).Says(t, "Hosted of Household: the account is refused")
	krusty := joins(t, s, "Krusty", s.Household, policies.Operator)
	krusty.Get(t, at).Wants(t, 200).Says(t, "the account is refused", "Somebody who looks after it can mend it").Silent(t, "/settings")
	nedAt := ned.Get(t, "/orgs").Wants(t, 200).Find(t, `href="/orgs/([0-9a-z]{20})"`)
	ned.Get(t, "/broken?org="+nedAt).Wants(t, 200).Says(t, "Nothing is broken").Silent(t, "Hosted", "Household")
	page := s.Homer.Get(t, connector).Wants(t, 200).Says(t, "The last calls", "GET /channels.json", "401").Silent(t, there.account, "api_key")
	if n := strings.Count(page.Body, "GET /channels.json"); n < 2 {
		t.Errorf("%d calls are shown", n)
	}
	s.Homer.Post(t, connector, "name", "Hosted", "base_url", there.url, "account_key", there.other, "channels", "1").Wants(t, 303)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Nothing is broken")

	t.Run("an account without room waits for it, and goes on at a word", func(t *testing.T) {
		calls(t, s, "74743827350")
		there.holds(t, 1)
		calls(t, s, "74743827351")
		eventually(t, "it is not told that there is no room", func() bool { return shows(t, s.Homer, at, "the account has no room") })
		s.Homer.Get(t, at).Says(t, "1 channel waits", `action="`+connector+`/again"`)
		admin.Get(t, "/admin/jobs").Wants(t, 200).Says(t, "What waits for a service outside", "no room").Silent(t, "74743827351")
		s.Homer.Post(t, connector, "name", "Hosted", "base_url", there.url, "channels", "4").Wants(t, 303)
		s.Marge.Post(t, connector+"/again").Wants(t, 403)
		s.Homer.Post(t, connector+"/again", "back", at).Wants(t, 303)
		there.holds(t, 2)
		eventually(t, "it is still told that there is no room", func() bool { return shows(t, s.Homer, at, "Nothing is broken") })
	})
	t.Run("a paused one waits for whoever paused it", func(t *testing.T) {
		s.Homer.Post(t, connector+"/pause").Wants(t, 303)
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "Hosted of Household is paused", `action="`+connector+`/resume"`)
		s.Homer.Post(t, connector+"/resume").Wants(t, 303)
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "Nothing is broken")
	})
}

func TestWhatIsBrokenIsMendedOnThePage(t *testing.T) {
	s, there, connector := connected(t)
	at := "/broken?org=" + string(s.Household)
	err := s.DB.Exec(`INSERT INTO river_job (kind, args, max_attempts, attempt, state, finalized_at, attempted_at, errors)
VALUES ('letter', '{"letter":"x"}', 16, 16, 'discarded', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, '[{"error":"dial tcp: refused"}]')`).Error
	if err != nil {
		t.Fatal(err)
	}
	s.Homer.Post(t, connector+"/check").Wants(t, 200)
	s.Homer.Post(t, connector+"/pause").Wants(t, 303)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "broken", base+at)
	presses(t, tab, "form[action='"+connector+"/resume'] button", says("The last calls"))
	look(t, tab, "connector-calls", base+connector)
	goes(t, tab, base+at, ".empty")
	waits(t, tab, says("Nothing is broken"))
	look(t, tab, "broken-none", base+at)
	there.db.Exec("DELETE FROM account_keys")
	s.Homer.Post(t, connector+"/check").Wants(t, 200)
	goes(t, tab, base+at, ".banner-error")
	waits(t, tab, says("the account is refused"))

	admin, base := signedIn(t, s, "frink")
	look(t, admin, "admin-jobs", base+"/admin/jobs")
	look(t, admin, "admin-health", base+"/admin/health")
	presses(t, admin, "form[action='/admin/jobs/kinds/letter/retry'] button", says("the account is refused"))
	waits(t, admin, silent("Mail does not leave"))
}

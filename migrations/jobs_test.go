package migrations_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "greet" }

type greeter struct {
	river.WorkerDefaults[greet]
	heard chan string
}

func (g *greeter) Work(_ context.Context, job *river.Job[greet]) error {
	g.heard <- job.Args.Name
	return nil
}

func TestAJobRunsIfAndOnlyIfItsDeedIsCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		g := &greeter{heard: make(chan string, 8)}
		workers := river.NewWorkers()
		river.AddWorker(workers, g)
		jobs, err := migrations.NewJobs(db, migrations.JobsConfig{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if err := jobs.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		enqueue := func(name string, end error) {
			err := db.Gorm.WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
				return errors.Join(migrations.Enqueue(tx, greet{name}, nil), end)
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		enqueue("undone", errors.New("no"))
		enqueue("done", nil)
		select {
		case name := <-g.heard:
			if name != "done" {
				t.Fatalf("%s ran", name)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the job did not run")
		}
		if err := jobs.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int64
		if err := db.Gorm.Table("river_job").Count(&n).Error; err != nil || n != 1 {
			t.Fatalf("%d jobs, %v", n, err)
		}
	})
}

func TestAJobOutsideATransactionIsRefused(t *testing.T) {
	if err := migrations.Enqueue(dbtest.SQLite(t).Gorm, greet{}, nil); err == nil {
		t.Fatal("it went in")
	}
}

// failing fails as long as somebody says so.
type failing struct {
	river.WorkerDefaults[greet]
	broken chan struct{} // closed once it works
	done   chan struct{}
}

func (f *failing) Work(context.Context, *river.Job[greet]) error {
	select {
	case <-f.broken:
		f.done <- struct{}{}
		return nil
	default:
		return errors.New("https://somebody:hunter2@example.com/x?api_key=SECRET123 says no")
	}
}

func TestADeadJobIsFoundTriedAgainAndRuns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		f := &failing{broken: make(chan struct{}), done: make(chan struct{}, 8)}
		workers := river.NewWorkers()
		river.AddWorker(workers, f)
		jobs, err := migrations.NewJobs(db, migrations.JobsConfig{Workers: workers})
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(err)
		must(jobs.Start(context.Background()))
		defer jobs.Stop(context.Background())
		in := func(do func(tx *gorm.DB) error) error { return db.Gorm.WithContext(t.Context()).Transaction(do) }
		for range 2 {
			must(in(func(tx *gorm.DB) error {
				return migrations.Enqueue(tx, greet{"Homer"}, &river.InsertOpts{MaxAttempts: 1})
			}))
		}
		var dead []migrations.Job
		for range 400 {
			if dead, err = migrations.JobList(t.Context(), db.Gorm, migrations.JobDead, 0, 10); err != nil || len(dead) == 2 {
				break
			}
			time.Sleep(25 * time.Millisecond)
		}
		if must(err); len(dead) != 2 || dead[0].ID < dead[1].ID || dead[0].Attempt != 1 || dead[0].Periodic() || dead[0].Ended.IsZero() {
			t.Fatalf("%+v", dead)
		}
		if want := "https://…@example.com/x?… says no"; dead[0].Error != want {
			t.Errorf("the error is shown as %q, not %q", dead[0].Error, want)
		}
		if rest, err := migrations.JobList(t.Context(), db.Gorm, "", dead[0].ID, 10); err != nil || len(rest) != 1 {
			t.Errorf("the next page has %d jobs, %v", len(rest), err)
		}
		trouble, err := migrations.JobTroubles(t.Context(), db.Gorm)
		if must(err); len(trouble) != 1 || trouble[0].Count != 2 || trouble[0].State != migrations.JobDead || trouble[0].Since.IsZero() {
			t.Fatalf("%+v", trouble)
		}
		close(f.broken)
		must(in(func(tx *gorm.DB) error { return migrations.RetryJob(tx, dead[0].ID) }))
		must(in(func(tx *gorm.DB) error { return migrations.DropJob(tx, dead[1].ID) }))
		select {
		case <-f.done:
		case <-time.After(20 * time.Second):
			t.Fatal("it was not tried again")
		}
		for range 400 {
			if counts, err := migrations.JobCounts(t.Context(), db.Gorm); err != nil || counts[migrations.JobDone] == 1 {
				break
			}
			time.Sleep(25 * time.Millisecond)
		}
		if trouble, err = migrations.JobTroubles(t.Context(), db.Gorm); err != nil || len(trouble) != 0 {
			t.Errorf("%+v, %v", trouble, err)
		}
		if at, err := migrations.LastWorked(t.Context(), db.Gorm); err != nil || at.IsZero() {
			t.Errorf("worked last at %v, %v", at, err)
		}
		if err := in(func(tx *gorm.DB) error { return migrations.RetryJob(tx, 12345) }); !errors.Is(err, migrations.ErrNoJob) {
			t.Errorf("a job that is not there: %v", err)
		}
	})
}

func FuzzDiscreet(f *testing.F) {
	for _, s := range []string{"", "dial tcp: no route", "https://a:b@c/d?e=f", "Get \"http://x/y?api_key=Z\": EOF", "Bearer hk_abc.def", "a\nb", strings.Repeat("é", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := migrations.Discreet(s + " https://u:pw-hidden@h/p?k=val-hidden")
		if strings.Contains(got, "hidden") || strings.ContainsAny(got, "\r\n\x00") || utf8.RuneCountInString(got) > 310 {
			t.Errorf("%q", got)
		}
	})
}

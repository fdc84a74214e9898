package migrations_test

import (
	"context"
	"errors"
	"testing"
	"time"

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

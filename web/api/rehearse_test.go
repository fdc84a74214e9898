package api

import (
	"fmt"
	"io"
	"sync"
	"testing"

	. "halfkey/devices/devicestest"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
)

// Rehearsals run in the same queue as deeds, and on SQLite in the same
// transactions: what they take back must be theirs alone.
func TestRehearsalsLeaveTheirNeighboursAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer := As(t, d.Homer)
		id := d.cellar(t)
		key := d.key(t, d.Marge, id)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				var p orgs.Preview
				if err := d.Move(orgs.Rehearse(homer, &p), id, d.Plant, orgs.With{}); err != nil || len(p.Keys) != 1 {
					t.Errorf("%+v %v", p, err)
				}
			})
			all.Go(func() {
				if _, err := d.Orgs.NewOrg(homer, d.Household, fmt.Sprint("Shelf ", i), "plain"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		tree, err := d.Orgs.Places(homer, 0)
		if err != nil || len(tree) != 3+12 {
			t.Errorf("%d places, %v", len(tree), err)
		}
		if v, err := d.Get(homer, id); err != nil || v.Org != d.Household || !d.works(t, key) {
			t.Errorf("%+v %v", v, err)
		}
		if d.Lines(t, "org.make") != 12 || d.Lines(t, "read-key.end") != 0 {
			t.Error("the trail does not say what happened")
		}
		report, err := d.Trail.Verify(t.Context(), string(d.Simpsons))
		if err != nil || len(report.Problems) != 0 {
			t.Errorf("%+v %v", report, err)
		}
	})
}

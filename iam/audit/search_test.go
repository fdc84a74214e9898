package audit

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func (s *scene) write(t testing.TB, e Entry) {
	t.Helper()
	err := s.db.Transaction(func(tx *gorm.DB) error { return Write(t.Context(), tx, e) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestASearchFindsByEveryField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		for i := range 40 {
			s.now = s.now.Add(time.Hour)
			s.write(t, Entry{TenantID: "simpsons", OrgID: fmt.Sprint("org_", i%3), ActorType: "user", ActorID: fmt.Sprint("usr_", i%4), Verb: fmt.Sprint("deed.", i%5),
				ObjectID: fmt.Sprint("obj_", i%7), Door: []string{"portal", "api"}[i%2], Outcome: []string{OK, Refused}[i%2]})
		}
		start := time.Unix(1_700_000_000, 0)
		for name, f := range map[string]Filter{
			"actor": {ActorID: "usr_1"}, "object": {ObjectID: "obj_3"}, "verb": {Verb: "deed.2"}, "door": {Door: "api"}, "outcome": {Outcome: Refused},
			"places": {Orgs: []string{"org_0", "org_2"}}, "a place and an actor": {Orgs: []string{"org_1"}, ActorID: "usr_2"},
			"a place and a door": {Orgs: []string{"org_1"}, Door: "portal"}, "days": {From: start.Add(10 * time.Hour), To: start.Add(20 * time.Hour)},
			"days of a place": {Orgs: []string{"org_1"}, From: start.Add(10 * time.Hour), To: start.Add(20 * time.Hour)},
			"all at once":     {Orgs: []string{"org_0", "org_1"}, ActorID: "usr_1", Door: "api", From: start.Add(3 * time.Hour), Verb: "deed.1"}, "nobody": {ActorID: "usr_9"},
			"a day to come": {From: start.Add(1000 * time.Hour)},
		} {
			f.Tenant = "simpsons"
			var want []int64
			if err := f.cut(s.db.Table("audit")).Order("seq DESC").Pluck("seq", &want).Error; err != nil {
				t.Fatal(err)
			}
			var got []int64
			f.Limit = 3
			for {
				p, err := Search(t.Context(), s.db, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range p.Lines {
					got = append(got, e.Seq)
				}
				if f.Before = p.Next; p.Next == 0 {
					break
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

func TestALineTellsBeforeAndAfter(t *testing.T) {
	s := stage(t, dbtest.SQLite(t))
	ctx := WithActor(t.Context(), Actor{"user", "usr_ned", "Ned", "Homer"})
	record := func(d Detail) Entry {
		t.Helper()
		if err := s.db.Transaction(func(tx *gorm.DB) error { return Record(ctx, tx, "role.change", Object{Tenant: "simpsons"}, d) }); err != nil {
			t.Fatal(err)
		}
		got, err := List(t.Context(), s.db, Filter{Tenant: "simpsons", Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	e := record(Change(Detail{"role": "member", "until": 5, "reach": "self"}, Detail{"role": "manager", "reach": "self"}).With("reason", "holidays"))
	if want := []Delta{{"role", "member", "manager"}, {"until", "5", ""}}; !reflect.DeepEqual(e.Delta(), want) {
		t.Errorf("%v", e.Delta())
	}
	if want := []Delta{{Field: "reason", After: "holidays"}}; !reflect.DeepEqual(e.More(), want) {
		t.Errorf("%v", e.More())
	}
	if e.Actor() != "Ned" || e.OnBehalf() != "Homer" || e.ActorName != "Ned for Homer" {
		t.Errorf("%q %q %q", e.Actor(), e.OnBehalf(), e.ActorName)
	}
	e = record(Detail{"from": "Cellar", "to": "Loft"})
	if want := []Delta{{"", "Cellar", "Loft"}}; !reflect.DeepEqual(e.Delta(), want) {
		t.Errorf("%v", e.Delta())
	}
	if r := s.verify(t); !r.OK() {
		t.Errorf("%+v", r)
	}
}

// What a page shows of a detail never fails, whatever lies there.
func FuzzDetail(f *testing.F) {
	for _, d := range []string{`{}`, ``, `{"before":{"a":1},"after":{"a":[2]}}`, `{"before":3,"after":null}`, `{"from":1e300,"to":{}}`, `{"on_behalf":7}`} {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, detail string) {
		e := Entry{Detail: detail, ActorName: "Ned for Homer"}
		e.Delta()
		e.More()
		e.Actor()
		if !json.Valid([]byte(onBehalf(detail, "Homer"))) && json.Valid([]byte(detail)) {
			t.Fatalf("%q is no JSON any more", detail)
		}
	})
}

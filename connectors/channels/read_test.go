package channels_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

const marge, bart = iam.UserID("00000000000000000010"), iam.UserID("00000000000000000011")

func (h *house) reveal(t *testing.T, id channels.ID, user iam.UserID) (key vault.Secret) {
	t.Helper()
	must(t, h.db.Transaction(func(tx *gorm.DB) (err error) {
		key, err = h.RevealReadKey(t.Context(), tx, id.String(), user, "own")
		return err
	}))
	return key
}

func TestAPersonsReadKeyIsHisOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, writeKey := h.channel(t, "a")
		other, _ := h.channel(t, "b")
		hers, his := h.reveal(t, id, marge), h.reveal(t, id, bart)
		if hers == his || hers != h.reveal(t, id, marge) {
			t.Error("each has one key, and it stays the same")
		}
		_, err := h.Write(t.Context(), hers.Reveal(), entry("1"))
		wants(t, err, channels.ErrKey)
		for _, key := range []string{hers.Reveal(), writeKey} {
			_, err = h.Access(t.Context(), id, key)
			must(t, err)
			_, err = h.Access(t.Context(), other, key)
			wants(t, err, channels.ErrKey)
		}
		keys, err := h.ReadKeysOf(t.Context(), marge)
		must(t, err)
		if len(keys) != 1 || keys[0].Channel != id.String() || keys[0].Used.IsZero() {
			t.Errorf("Marge's keys are %+v, want one, used", keys)
		}
		must(t, h.db.Transaction(func(tx *gorm.DB) error { return h.RevokeReadKey(t.Context(), tx, id.String(), keys[0].ID) }))
		_, err = h.Access(t.Context(), id, hers.Reveal())
		wants(t, err, channels.ErrKey)
		if h.reveal(t, id, marge) == hers {
			t.Error("a revoked key was handed out again")
		}
	})
}

func TestReadKeysEndWithTheRight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, _ := h.channel(t, "a")
		his := h.reveal(t, id, bart)
		h.MayRead = func(_ context.Context, _ iam.UserID, org iam.OrgID, _ string) bool { return org == household }
		_, err := h.Access(t.Context(), id, his.Reveal())
		must(t, err)
		must(t, h.db.Transaction(func(tx *gorm.DB) error { return h.Move(t.Context(), tx, id.String(), plant) }))
		_, err = h.Access(t.Context(), id, his.Reveal())
		wants(t, err, channels.ErrKey)
	})
}

func TestSeriesSumsUpWhatWasMeasured(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		start := h.now
		for i := range 100 {
			h.now = start.Add(time.Duration(i) * time.Minute)
			h.write(t, key, strconv.Itoa(i))
		}
		for _, v := range []string{"nan", "x1", "", "1-2", "1.2.3", "1 2", "3e", " +7.5e1 ", "."} { // one of these is a number
			h.now = h.now.Add(time.Minute)
			h.write(t, key, v)
		}
		all, err := h.Series(t.Context(), id.String(), 1, start, h.now, 0)
		must(t, err)
		if len(all) != 101 || all[5].Avg != 5 || !all[5].At.Equal(start.Add(5*time.Minute)) || all[100].Avg != 75 {
			t.Fatalf("%d points, the last %+v; want each reading by itself", len(all), all[len(all)-1])
		}
		few, err := h.Series(t.Context(), id.String(), 1, start, start.Add(99*time.Minute), 10)
		must(t, err)
		count := 0
		for _, p := range few {
			count += p.Count
			if p.Min > p.Avg || p.Avg > p.Max {
				t.Errorf("point %+v", p)
			}
		}
		if len(few) != 10 || count != 100 || few[0].Min != 0 || few[9].Max != 99 {
			t.Errorf("%d points of %d readings, from %+v to %+v", len(few), count, few[0], few[len(few)-1])
		}
		if none, err := h.Series(t.Context(), id.String(), 2, start, h.now, 10); err != nil || len(none) != 0 {
			t.Errorf("a field without values: %v, %v", none, err)
		}
	})
}

func TestSummariesFollowTheChannel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		silent, _ := h.channel(t, "b")
		get := func(c channels.ID) channels.Summary {
			t.Helper()
			sums, err := h.Summaries(t.Context(), []string{id.String(), silent.String(), "999", "x"})
			must(t, err)
			if len(sums) != 2 {
				t.Fatalf("%d summaries, want 2", len(sums))
			}
			return sums[c.String()]
		}
		for i := range 30 {
			h.now = h.now.Add(15 * time.Second)
			h.write(t, key, strconv.Itoa(i))
		}
		s := get(id)
		if s.FieldName != "Temperature" || s.Unit != "°C" || s.LastValue != "29" || !s.LastAt.Equal(h.now) || !s.Heard.Equal(h.now) ||
			s.Interval != 15*time.Second || len(s.Spark) != 24 || s.Spark[0] != 6 || s.Spark[23] != 29 {
			t.Errorf("summary %+v", s)
		}
		if s := get(silent); s.LastValue != "" || !s.LastAt.IsZero() || !s.Heard.IsZero() || s.FieldName != "Temperature" {
			t.Errorf("summary of a silent channel %+v", s)
		}
		h.write(t, key, "30") // what is remembered is out of date now
		if s := get(id); s.LastValue != "30" {
			t.Errorf("the last value is %s, want 30", s.LastValue)
		}
		must(t, h.db.Exec(`UPDATE channels SET fields = ? WHERE id = ?`, `[{"name":"Cold","unit":"K"}]`, int64(id)).Error)
		if s := get(id); s.Unit != "K" {
			t.Errorf("the unit is %s, want K", s.Unit)
		}
	})
}

func TestAnAccountsChannels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		device, _ := h.channel(t, "a")
		var key vault.Secret
		var made channels.AccountKey
		must(t, h.db.Transaction(func(tx *gorm.DB) (err error) {
			key, made, err = h.NewAccountKey(t.Context(), tx, simpsons, household, marge)
			return err
		}))
		a, err := h.Account(t.Context(), key.Reveal())
		must(t, err)
		name := "Cellar"
		l, err := h.MakeChannel(t.Context(), a, channels.Settings{Name: &name})
		must(t, err)
		for want := int64(1); want < 4; want++ {
			if n := h.write(t, l.WriteKey.Reveal(), "1"); n != want {
				t.Errorf("number %d, want %d", n, want)
			}
		}
		must(t, h.ClearChannel(t.Context(), a, l.ID))
		if n := h.write(t, l.WriteKey.Reveal(), "1"); n != 1 {
			t.Errorf("after clearing the number is %d, want 1", n)
		}
		for _, stranger := range []channels.Account{{Tenant: simpsons, Org: plant}, {Tenant: "another", Org: household}} {
			_, err = h.AccountChannel(t.Context(), stranger, l.ID)
			wants(t, err, connectors.ErrChannel)
			wants(t, h.ClearChannel(t.Context(), stranger, l.ID), connectors.ErrChannel)
		}
		_, err = h.SetChannel(t.Context(), a, device, channels.Settings{Name: &name})
		wants(t, err, connectors.ErrChannel)
		_, err = h.DeleteChannel(t.Context(), a, device)
		wants(t, err, connectors.ErrChannel)
		_, err = h.DeleteChannel(t.Context(), a, l.ID)
		must(t, err)
		_, err = h.Write(t.Context(), l.WriteKey.Reveal(), entry("1"))
		wants(t, err, channels.ErrKey)
		must(t, h.db.Transaction(func(tx *gorm.DB) error { return h.RevokeAccountKey(t.Context(), tx, household, made.ID) }))
		_, err = h.Account(t.Context(), key.Reveal())
		wants(t, err, channels.ErrAccount)
	})
}

package channels_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// fill puts entries straight into a channel, as a year of writing would have.
func (h *house) fill(t testing.TB, id channels.ID, rows int, at func(i int) (time.Time, string)) {
	t.Helper()
	var last int64
	must(t, h.db.Raw(`SELECT last_entry_id FROM channels WHERE id = ?`, int64(id)).Scan(&last).Error)
	tx := h.db.Begin()
	for i := range rows {
		when, value := at(i)
		must(t, tx.Exec(`INSERT INTO feeds (channel_id, entry_id, created_at, given_time, field1) VALUES (?, ?, ?, FALSE, ?)`, int64(id), last+int64(i)+1, iam.Micros(when), value).Error)
	}
	must(t, tx.Exec(`UPDATE channels SET last_entry_id = ?, last_entry_at = ? WHERE id = ?`, last+int64(rows), iam.Micros(h.now), int64(id)).Error)
	must(t, tx.Commit().Error)
}

func sameValues(t *testing.T, name string, got []channels.Point, values map[time.Time]float64, from, to time.Time, most int) {
	t.Helper()
	low, high, n, sum := math.Inf(1), math.Inf(-1), 0, 0.0
	for at, v := range values {
		if !at.Before(from) && !at.After(to) {
			low, high, sum, n = min(low, v), max(high, v), sum+v, n+1
		}
	}
	gotLow, gotHigh, gotN, gotSum := math.Inf(1), math.Inf(-1), 0, 0.0
	for i, p := range got {
		gotLow, gotHigh, gotN, gotSum = min(gotLow, p.Min), max(gotHigh, p.Max), gotN+p.Count, gotSum+p.Avg*float64(p.Count)
		if i > 0 && !p.At.After(got[i-1].At) {
			t.Errorf("%s: points are not in order", name)
		}
	}
	if len(got) > most+1 || gotLow != low || gotHigh != high || gotN != n || math.Abs(gotSum-sum) > 1e-6*max(1, math.Abs(sum)) {
		t.Errorf("%s: %d points from %v to %v of %d readings, sum %v; want from %v to %v of %d, sum %v", name, len(got), gotLow, gotHigh, gotN, gotSum, low, high, n, sum)
	}
}

// A long chart shows the same lowest and highest readings as all entries would,
// however unevenly they came.
func TestALongChartLosesNoPeak(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, _ := h.channel(t, "long")
		rng := rand.New(rand.NewPCG(1, 2))
		start := h.now.Add(-30 * 24 * time.Hour)
		values := map[time.Time]float64{}
		add := func(rows int, from time.Time, gap time.Duration) {
			h.fill(t, id, rows, func(i int) (time.Time, string) {
				at := from.Add(time.Duration(i) * gap)
				v := math.Round(rng.NormFloat64()*1000) / 100
				if rng.IntN(1000) == 0 {
					v *= 100
				}
				if rng.IntN(50) == 0 {
					return at, "no number"
				}
				values[at] = v
				return at, strconv.FormatFloat(v, 'f', -1, 64)
			})
		}
		add(3000, start, 10*time.Second)                                     // a busy morning
		add(300, start.Add(24*time.Hour), time.Hour)                         // then once an hour
		add(2500, start.Add(20*24*time.Hour), 11*time.Second)                // busy again
		add(700, start.Add(5*24*time.Hour+time.Millisecond), 17*time.Minute) // an import of older readings
		must(t, h.Sum(t.Context(), id))
		add(9, start.Add(29*24*time.Hour), time.Minute) // not summed up yet
		series := func(from, to time.Time, most int) []channels.Point {
			p, err := h.Series(t.Context(), id.String(), 1, from, to, most)
			must(t, err)
			return p
		}
		sameValues(t, "all", series(start, h.now, 240), values, start, h.now, 240)
		sameValues(t, "many points", series(start, h.now, 2000), values, start, h.now, 2000)
		sameValues(t, "one point", series(start, h.now, 1), values, start, h.now, 1)
		// A part at the border of what is asked for may reach over it, never by more than a point's width.
		from, to := start.Add(4*24*time.Hour), start.Add(25*24*time.Hour)
		if got := series(from, to, 240); len(got) < 100 || got[0].At.Before(from.Add(-3*time.Hour)) || got[len(got)-1].At.After(to) {
			t.Errorf("a part of it: %d points from %v", len(got), got[0].At)
		}
		sameValues(t, "an hour", series(start.Add(time.Hour), start.Add(2*time.Hour), 240), values, start.Add(time.Hour), start.Add(2*time.Hour), 240)
		must(t, h.SumAll(t.Context()))
		sameValues(t, "again", series(start, h.now, 240), values, start, h.now, 240)
	})
}

func TestWritingSumsUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		var many []channels.Entry
		for i := range 600 {
			e, at := entry(strconv.Itoa(i)), h.now.Add(time.Duration(i-600)*time.Minute)
			e.Created = &at
			many = append(many, e)
		}
		n, err := h.WriteMany(t.Context(), id, key, many)
		must(t, err)
		h.Wait()
		var parts, high int
		must(t, h.db.Raw(`SELECT COUNT(*) FROM feed_sums WHERE level = 0`).Scan(&parts).Error)
		must(t, h.db.Raw(`SELECT MAX(high) FROM feed_sums WHERE level = 5`).Scan(&high).Error)
		if n != 600 || parts < 32 || high != 511 {
			t.Errorf("%d stored, %d parts, the highest of the first 512 is %d", n, parts, high)
		}
	})
}

// BenchmarkLongChart is 30 days of a channel with HALFKEY_TEST_ROWS entries beside
// the same of one with as many as the picture has points.
func BenchmarkLongChart(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("HALFKEY_TEST_ROWS"))
	if err != nil {
		rows = 100_000
	}
	for name, open := range map[string]func(testing.TB) *migrations.DB{"SQLite": dbtest.SQLite, "PostgreSQL": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) { longChart(b, newHouse(b, open(b)), rows) })
	}
}

func longChart(b *testing.B, h *house, rows int) {
	for _, n := range []int{240, rows} {
		id, _ := h.channel(b, strconv.Itoa(n))
		gap := 30 * 24 * time.Hour / time.Duration(n)
		must(b, h.db.Exec(`WITH RECURSIVE i(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM i WHERE n < CAST(? AS BIGINT))
INSERT INTO feeds (channel_id, entry_id, created_at, given_time, field1) SELECT CAST(? AS BIGINT), n, CAST(? AS BIGINT) + n * CAST(? AS BIGINT), FALSE, CAST(20 + n % 17 AS TEXT) FROM i`,
			n, int64(id), iam.Micros(h.now.Add(-30*24*time.Hour)), gap.Microseconds()).Error)
		must(b, h.db.Exec(`UPDATE channels SET last_entry_id = ? WHERE id = ?`, n, int64(id)).Error)
		must(b, h.Sum(b.Context(), id))
		must(b, h.db.Exec("ANALYZE").Error) // as time does by itself
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				p, err := h.Series(b.Context(), id.String(), 1, h.now.Add(-30*24*time.Hour), h.now, 240)
				if must(b, err); len(p) < 200 {
					b.Fatal(len(p))
				}
			}
		})
	}
}

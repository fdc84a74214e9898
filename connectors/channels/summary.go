package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// A Summary is what a list shows of a channel: the newest reading of its first
// field that has one among the latest entries.
type Summary struct {
	FieldName string
	Unit      string
	LastValue string // as it came; empty if there is none
	LastAt    time.Time
	Heard     time.Time     // when the last entry came, whatever time it was given; zero if none
	Interval  time.Duration // the usual time between the latest entries; 0 if there are fewer than three
	Spark     []float64     // the latest numbers, oldest first, at most 24
}

const sparkLength = 24

// maxRecent bounds the memory: about 5 MB.
const maxRecent = 8192

// recent remembers summaries. Each is good until its channel has another entry.
type recent struct {
	mu sync.Mutex
	of map[ID]remembered
}

type remembered struct {
	last   int64
	heard  int64
	fields string
	turn   uint64    // of the channel's values, before it was read
	until  time.Time // by then the channel is asked again in any case
	sum    Summary
}

// recheck is how long a summary is given without asking whether it still holds,
// while no value of the channel is heard of.
const recheck = 2 * time.Second

// fresh gives what needs no question to the database.
func (r *recent) fresh(id ID, turn uint64) (Summary, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.of[id]
	return m.sum, ok && m.turn == turn && time.Now().Before(m.until)
}

func (r *recent) get(id ID, like remembered) (Summary, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.of[id]
	if !ok || m.last != like.last || m.heard != like.heard || m.fields != like.fields {
		return Summary{}, false
	}
	m.turn, m.until = like.turn, like.until
	r.of[id] = m
	return m.sum, true
}

func (r *recent) put(id ID, m remembered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[ID]remembered{}
	}
	for old := range r.of {
		if len(r.of) < maxRecent {
			break
		}
		delete(r.of, old)
	}
	r.of[id] = m
}

// Summaries sums up channels for a list, by their ids, in at most two queries:
// one for the heads of those that may have changed in the last seconds, one for
// the latest entries of those that did, and once for each copy of a channel
// outside. An unknown channel has none.
func (s *Store) Summaries(ctx context.Context, channels []string) (map[string]Summary, error) {
	sums := make(map[string]Summary, len(channels))
	ids := make([]any, 0, len(channels))
	turns := make(map[ID]uint64, len(channels))
	names := map[ID]string{} // of those outside
	for _, c := range channels {
		id, err := s.Number(ctx, c)
		switch {
		case errors.Is(err, connectors.ErrChannel):
			continue
		case err != nil:
			return nil, err
		case id < 0:
			names[id] = c
		}
		turn, hears := s.Live.Turn(live.Value, c)
		if sum, ok := s.recent.fresh(id, turn); ok && hears {
			sums[c] = sum
			continue
		}
		ids, turns[id] = append(ids, int64(id)), turn
	}
	if len(ids) == 0 {
		return sums, nil
	}
	changed := map[ID]remembered{}
	until := time.Now().Add(recheck)
	err := each(migrations.SQL(`SELECT id, last_entry_id, last_entry_at, fields FROM channels WHERE id IN (`+marks(len(ids))+`)`).Rows(ctx, s.db(ctx), ids...))(func(rows *sql.Rows) error {
		var id ID
		var m remembered
		var heard *int64
		if err := rows.Scan((*int64)(&id), &m.last, &heard, &m.fields); err != nil {
			return err
		}
		if heard != nil {
			m.heard = *heard
		}
		m.turn, m.until = turns[id], until
		if sum, ok := s.recent.get(id, m); ok {
			sums[nameOf(id, names)] = sum
		} else {
			changed[id] = m
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("summaries: %w", err)
	}
	if len(changed) > 0 {
		if err := s.summarise(ctx, changed, names, sums); err != nil {
			return nil, fmt.Errorf("summaries: %w", err)
		}
	}
	return sums, nil
}

func nameOf(id ID, names map[ID]string) string {
	if name := names[id]; name != "" {
		return name
	}
	return id.String()
}

// summarise reads the latest entries of the changed channels. Their numbers are
// contiguous, so the join is one stretch of the primary key for each.
func (s *Store) summarise(ctx context.Context, changed map[ID]remembered, names map[ID]string, sums map[string]Summary) error {
	ids := make([]any, 0, len(changed))
	for id := range changed {
		ids = append(ids, int64(id))
	}
	latest := map[ID][]Row{}
	latestOf := migrations.SQL(fmt.Sprintf(`SELECT f.channel_id, f.created_at, f.field1, f.field2, f.field3, f.field4, f.field5, f.field6, f.field7, f.field8
FROM channels c JOIN feeds f ON f.channel_id = c.id AND f.entry_id > c.last_entry_id - %d WHERE c.id IN (%s) ORDER BY f.channel_id, f.entry_id`,
		sparkLength, marks(len(ids))))
	err := each(latestOf.Rows(ctx, s.db(ctx), ids...))(func(rows *sql.Rows) error {
		var id ID
		var r Row
		var created int64
		f := &r.Fields
		if err := rows.Scan(&id, &created, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7]); err != nil {
			return err
		}
		r.Created = iam.Time(created)
		latest[id] = append(latest[id], r)
		return nil
	})
	if err != nil {
		return err
	}
	for id, m := range changed {
		fields, err := parseFields(m.fields)
		if err != nil {
			return err
		}
		m.sum = summary(fields, latest[id])
		if m.heard != 0 {
			m.sum.Heard = iam.Time(m.heard)
		}
		s.recent.put(id, m)
		sums[nameOf(id, names)] = m.sum
	}
	return nil
}

func summary(fields Fields, rows []Row) (sum Summary) {
	at := shown(fields, rows)
	sum.FieldName, sum.Unit = fields[at].Name, fields[at].Unit
	var gaps []time.Duration
	for i, r := range rows {
		if i > 0 {
			gaps = append(gaps, r.Created.Sub(rows[i-1].Created).Abs())
		}
		v := r.Fields[at]
		if v == nil {
			continue
		}
		sum.LastValue, sum.LastAt = *v, r.Created
		if n, ok := Number(*v); ok {
			sum.Spark = append(sum.Spark, n)
		}
	}
	if len(gaps) > 1 {
		slices.Sort(gaps)
		sum.Interval = gaps[len(gaps)/2]
	}
	return sum
}

// shown is the first named field that has a value, else the first named one.
func shown(fields Fields, rows []Row) int {
	first := -1
	for i, f := range fields {
		if f.Name == "" {
			continue
		}
		if first < 0 {
			first = i
		}
		if slices.ContainsFunc(rows, func(r Row) bool { return r.Fields[i] != nil }) {
			return i
		}
	}
	return max(first, 0)
}

// marks are n parameters of a list.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// each calls do for every row of a query's answer and closes it.
func each(rows *sql.Rows, err error) func(do func(*sql.Rows) error) error {
	return func(do func(*sql.Rows) error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := do(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

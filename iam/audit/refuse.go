package audit

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
)

// Refusal is a stranger turned away.
type Refusal struct {
	Tenant     string // whose door it was, Platform when nobody can tell
	Org        string
	Source     string // the address
	Cause      string // the true one, for the trail only
	Verb       string
	ObjectType string
	ObjectID   string
}

const (
	quietFor   = time.Minute // one line per source and cause in this time
	maxSources = 10_000      // beyond these, sources are counted together
	maxText    = 200         // bytes of what a stranger said
	queueSize  = 1024
)

// cause tells refusals apart.
type cause struct{ tenant, source, what string }

// tally counts refusals between lines.
type tally struct {
	mu   sync.Mutex
	open map[cause]*repeats
	rows []Entry // waiting to be written
}

type repeats struct {
	since time.Time
	more  int64
	last  Refusal
}

// Refuse notes a refusal and returns at once. The first of a source and cause
// is written with its request id, what follows within a minute as a count.
func (t *Trail) Refuse(ctx context.Context, r Refusal) {
	now := t.config.Now()
	k := cause{r.Tenant, r.Source, r.Cause}
	t.tally.mu.Lock()
	defer t.tally.mu.Unlock()
	if t.tally.open == nil {
		t.tally.open = make(map[cause]*repeats)
	}
	seen := t.tally.open[k]
	if seen == nil && len(t.tally.open) >= maxSources {
		r.Source, k.source = "others", "others"
		seen = t.tally.open[k]
	}
	if seen != nil && now.Sub(seen.since) < quietFor || len(t.tally.rows) >= queueSize {
		if seen == nil {
			seen = &repeats{since: now}
			t.tally.open[k] = seen
		}
		seen.more++
		seen.last = r
		return
	}
	var count int64 = 1
	if seen != nil {
		count += seen.more
	}
	t.tally.open[k] = &repeats{since: now, last: r}
	e := r.entry(count)
	t.fill(ctx, &e)
	t.tally.rows = append(t.tally.rows, e)
	t.work.wake()
}

func (r Refusal) entry(count int64) Entry {
	return Entry{TenantID: clip(r.Tenant), OrgID: clip(r.Org), ActorType: "stranger", ActorName: clip(r.Source), Verb: r.Verb,
		ObjectType: r.ObjectType, ObjectID: clip(r.ObjectID), Outcome: Refused, Count: count, Detail: Detail{"cause": clip(r.Cause)}.text()}
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// due takes the lines that are to be written: the firsts, and the counts of
// those whose minute is over, or of all when the program ends.
func (t *Trail) due(all bool) []Entry {
	now := t.config.Now()
	t.tally.mu.Lock()
	defer t.tally.mu.Unlock()
	rows := t.tally.rows
	t.tally.rows = nil
	for k, seen := range t.tally.open {
		if !all && now.Sub(seen.since) < quietFor {
			continue
		}
		if seen.more == 0 {
			delete(t.tally.open, k)
			continue
		}
		e := seen.last.entry(seen.more)
		t.fill(context.Background(), &e)
		rows = append(rows, e)
		seen.since, seen.more = now, 0
	}
	return rows
}

// writeRefusals writes what is due, a hundred lines a transaction. What cannot
// be written now waits for the next time.
func (t *Trail) writeRefusals(ctx context.Context, all bool) error {
	rows := t.due(all)
	for len(rows) > 0 {
		n := min(len(rows), 100)
		err := t.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			for _, e := range rows[:n] {
				if err := t.append(ctx, tx, &e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.tally.mu.Lock()
			t.tally.rows = append(rows, t.tally.rows...)
			t.tally.mu.Unlock()
			return err
		}
		rows = rows[n:]
	}
	return nil
}

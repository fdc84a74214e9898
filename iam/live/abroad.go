package live

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"halfkey/iam"
)

// PostgreSQL carries events between replicas as notifications: each a list of
// events with the sender's name, of less than the 8,000 bytes that it takes.
const (
	postChannel = "halfkey_live"
	postMost    = 7800 // bytes
	postGather  = 20 * time.Millisecond
	postWaiting = 4096 // different events; beyond, a Missed
)

type post struct {
	From   string  `json:"f"`
	Events []Event `json:"e"`
}

// abroad is the way to the other replicas; what is added goes with the next post.
type abroad struct {
	*backlog
	db   *gorm.DB
	self string
}

func newAbroad(db *gorm.DB) *abroad { return &abroad{newBacklog(postWaiting), db, iam.NewID()} }

// tell posts what was added, a little after the first, so that many go at once.
func (a *abroad) tell(ctx context.Context) {
	for {
		select {
		case <-a.wake:
		case <-ctx.Done():
			return
		}
		if !pause(ctx, postGather) {
			return
		}
		for _, letter := range a.letters(a.take()) {
			if err := a.db.WithContext(ctx).Exec("SELECT pg_notify(?, ?)", postChannel, letter).Error; err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "live events do not reach other replicas for now", "error", err)
				break
			}
		}
	}
}

// letters packs events so that each letter is short enough.
func (a *abroad) letters(events []Event) (letters []string) {
	for len(events) > 0 {
		n := min(len(events), 64)
		for {
			text, err := json.Marshal(post{a.self, events[:n]})
			if err == nil && len(text) <= postMost {
				letters = append(letters, string(text))
				break
			}
			if n == 1 {
				break // an event that no letter can carry
			}
			n /= 2
		}
		events = events[n:]
	}
	return letters
}

// listen hands over what other replicas post, and connects again when it must.
func (a *abroad) listen(ctx context.Context, hear func(Event), missed func()) {
	for ctx.Err() == nil {
		err := a.hear(ctx, hear, missed)
		if ctx.Err() != nil {
			return
		}
		slog.WarnContext(ctx, "live events from other replicas do not come for now", "error", err)
		if !pause(ctx, time.Second) {
			return
		}
	}
}

// hear listens on one connection until it breaks.
func (a *abroad) hear(ctx context.Context, hear func(Event), missed func()) error {
	pool, err := a.db.DB()
	if err != nil {
		return err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("listening needs pgx, not %T", driver)
		}
		pg := c.Conn()
		defer pg.Close(context.Background()) // it listens: not back into the pool
		if _, err := pg.Exec(ctx, "LISTEN "+postChannel); err != nil {
			return err
		}
		missed() // whatever was said before
		for {
			n, err := pg.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			var p post
			if json.Unmarshal([]byte(n.Payload), &p) != nil || p.From == a.self {
				continue
			}
			for _, e := range p.Events {
				if e.Kind == Missed {
					missed()
				} else {
					hear(e)
				}
			}
		}
	})
}

// pause waits, and is false when ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

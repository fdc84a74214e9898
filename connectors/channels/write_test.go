package channels_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestEntriesAreNumberedWithoutGaps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		_, other := h.channel(t, "b")
		const writers, each = 16, 12
		seen := make([]bool, writers*each+1)
		var mu sync.Mutex
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					r, err := h.Write(context.Background(), key, entry(strconv.Itoa(i)))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					if seen[r.Entry] {
						t.Errorf("number %d twice", r.Entry)
					}
					seen[r.Entry] = true
					mu.Unlock()
					// Neighbours that are refused neither take a number nor do harm.
					_, err = h.Write(context.Background(), strings.Repeat("X", 16), entry("1"))
					wants(t, err, channels.ErrKey)
					if w == 0 {
						h.write(t, other, "7")
					}
				}
			})
		}
		all.Wait()
		for n := 1; n < len(seen); n++ {
			if !seen[n] {
				t.Fatalf("number %d is missing", n)
			}
		}
		rows, err := h.Feed(t.Context(), id, channels.Query{})
		must(t, err)
		if len(rows) != writers*each {
			t.Errorf("%d rows, want %d", len(rows), writers*each)
		}
	})
}

func TestARevokedKeyIsRefusedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		h.write(t, key, "1")
		replica := &channels.Store{DB: h.db, Vault: h.Vault, Now: time.Now}
		if _, err := replica.Write(t.Context(), key, entry("2")); err != nil {
			t.Fatal(err)
		}
		must(t, h.db.Transaction(func(tx *gorm.DB) error { return h.Close(t.Context(), tx, id.String()) }))
		for range 2 {
			_, err := h.Write(t.Context(), key, entry("3"))
			wants(t, err, channels.ErrKey)
			_, err = replica.Write(t.Context(), key, entry("3"))
			wants(t, err, channels.ErrKey)
		}
		if last, err := h.Last(t.Context(), id, 0); err != nil || last.Entry != 2 {
			t.Errorf("last entry %d (%v), want 2: a refused one took a number", last.Entry, err)
		}
	})
}

func TestAnEntryTooSoonLeavesNoTrace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		must(t, h.db.Exec(`UPDATE channels SET min_gap = ? WHERE id = ?`, int64(15e6), int64(id)).Error)
		h.write(t, key, "1")
		h.now = h.now.Add(14 * time.Second)
		_, err := h.Write(t.Context(), key, entry("2"))
		wants(t, err, channels.ErrTooSoon)
		h.now = h.now.Add(time.Second)
		if n := h.write(t, key, "3"); n != 2 {
			t.Errorf("number %d, want 2", n)
		}
	})
}

func TestAGivenTimeIsTakenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		old := time.Date(2016, 12, 21, 11, 11, 11, 5e8, time.UTC)
		e := entry("1")
		e.Created = &old
		r, err := h.Write(t.Context(), key, e)
		must(t, err)
		if !r.Created.Equal(old.Truncate(time.Second)) {
			t.Errorf("stored at %v, want the second of %v", r.Created, old)
		}
		_, err = h.Write(t.Context(), key, e)
		wants(t, err, channels.ErrTimeTaken)
		for want := int64(2); want < 4; want++ { // without a time two in one moment are fine
			if n := h.write(t, key, "2"); n != want {
				t.Errorf("number %d, want %d", n, want)
			}
		}
		last, err := h.Last(t.Context(), id, 0)
		must(t, err)
		if last.Entry != 3 {
			t.Errorf("last is %d: it is the highest number, not the latest time", last.Entry)
		}
	})
}

func TestABadTimeHarmsNoNeighbour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		_, key := h.channel(t, "a")
		at := h.now
		e := entry("1")
		e.Created = &at
		var all sync.WaitGroup
		var mu sync.Mutex
		good := 0
		for range 24 { // one of these may get the time, all others are refused
			all.Go(func() {
				_, err := h.Write(context.Background(), key, e)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					good++
				} else {
					wants(t, err, channels.ErrTimeTaken)
				}
			})
			all.Go(func() { h.write(t, key, "2") })
		}
		all.Wait()
		if n := h.write(t, key, "3"); good != 1 || n != 26 {
			t.Errorf("%d got the time and the next number is %d, want 1 and 26", good, n)
		}
	})
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		_, key := h.channel(t, "a")
		for _, v := range []string{strings.Repeat("x", 256), "\xff", "a\x00b"} {
			_, err := h.Write(t.Context(), key, entry(v))
			wants(t, err, channels.ErrValue)
		}
		if n := h.write(t, key, strings.Repeat("x", 255)); n != 1 {
			t.Errorf("number %d, want 1", n)
		}
		if n := h.write(t, key, ""); n != 2 {
			t.Errorf("an empty value got number %d, want 2", n)
		}
	})
}

func TestAHungUpDeviceHasWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		_, key := h.channel(t, "a")
		ctx, hangUp := context.WithCancel(context.Background())
		hangUp()
		if r, err := h.Write(ctx, key, entry("1")); err != nil || r.Entry != 1 {
			t.Errorf("entry %d, %v; want 1", r.Entry, err)
		}
	})
}

// A channel that nobody has used may be dropped. Its first value, which waits for
// the channel just then, is refused, so that the device asks for another one;
// told that it is stored, it would write into nothing.
func TestAFirstValueThatComesWhileItsChannelEndsIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, key := h.channel(t, "a")
		done := make(chan error, 1)
		must(t, h.db.Transaction(func(tx *gorm.DB) error {
			if err := h.Close(t.Context(), tx, id.String()); err != nil {
				return err
			}
			go func() {
				_, err := h.Write(context.Background(), key, entry("1"))
				done <- err
			}()
			for waiting := 0; waiting == 0 && db.Gorm.Name() == migrations.Postgres; {
				if err := h.db.Raw("SELECT COUNT(*) FROM pg_locks WHERE NOT granted").Scan(&waiting).Error; err != nil {
					return err
				}
			}
			return nil
		}))
		wants(t, <-done, channels.ErrKey)
		_, err := h.Last(t.Context(), id, 0)
		wants(t, err, channels.ErrEntry)
	})
}

package channels_test

import (
	"errors"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestAnOldWriteKeyWorksUntilItsTimeOrTheNewOnesFirstUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, old := h.channel(t, "board 1")
		write := func(key string, want error) {
			t.Helper()
			value := "21.4"
			if _, err := h.Write(t.Context(), key, channels.Entry{Fields: [channels.MaxFields]*string{&value}}); !errors.Is(err, want) {
				t.Fatalf("a write hears %v, want %v", err, want)
			}
		}
		change := func(until time.Time) string {
			t.Helper()
			h.now = h.now.Add(time.Second)
			key, err := h.ChangeWriteKey(t.Context(), h.db, id.String(), until)
			must(t, err)
			return key.Reveal()
		}
		write(old, nil)
		second := change(time.Time{})
		write(old, nil) // until the new one is used
		write(second, nil)
		write(old, channels.ErrKey)

		third := change(h.now.Add(2 * time.Hour))
		write(third, nil)
		write(second, nil)
		if _, err := h.Access(t.Context(), id, second); err != nil {
			t.Error("a key that works for another hour does not read:", err)
		}
		h.now = h.now.Add(time.Hour + 59*time.Minute)
		write(second, nil)
		h.now = h.now.Add(2 * time.Minute)
		write(second, channels.ErrKey)
		if _, err := h.Access(t.Context(), id, second); !errors.Is(err, channels.ErrKey) {
			t.Error("a key that has ended reads:", err)
		}
		must(t, h.SweepKeys(t.Context()))

		last := change(h.now)
		write(third, channels.ErrKey)
		write(last, nil)
		keys, err := h.WriteKeys(t.Context(), id.String())
		must(t, err)
		if len(keys) != 1 || keys[0].Used.IsZero() || keys[0].UntilUsed {
			t.Errorf("the keys that work are %+v", keys)
		}
		if _, err := h.WriteMany(t.Context(), id, third, []channels.Entry{{Created: &h.now}}); !errors.Is(err, channels.ErrKey) {
			t.Error("many values with a key that ended:", err)
		}
	})
}

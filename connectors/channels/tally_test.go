package channels_test

import (
	"strings"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/migrations/dbtest"
)

func TestWhatBecameOfEntriesIsCounted(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	_, key := h.channel(t, "a")
	given := entry("1")
	given.Created = &time.Time{}
	h.write(t, key, "21.4")
	for _, e := range []channels.Entry{given, given, entry(strings.Repeat("x", 256))} {
		_, _ = h.Write(t.Context(), key, e)
	}
	_, _ = h.Write(t.Context(), strings.Repeat("X", 16), entry("1"))
	_, _ = h.Write(t.Context(), "no key", entry("1"))
	n := &h.Tally
	got := [...]uint64{n.Stored.Load(), n.TimeTaken.Load(), n.BadValue.Load(), n.WrongKey.Load(), n.TooSoon.Load(), n.Failed.Load()}
	if got != [...]uint64{2, 1, 1, 2, 0, 0} {
		t.Errorf("stored, time taken, bad value, wrong key, too soon, failed: %d", got)
	}
}

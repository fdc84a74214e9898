package channels_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// An agent whose answer got lost sends everything again, and may send the rest
// of a moment in another message.
func TestWhatIsAppendedTwiceIsThereOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		id, _ := h.channel(t, "one")
		add := func(after time.Duration, field int, value string) {
			t.Helper()
			s := channels.Sample{At: h.now.Add(after)}
			s.Fields[field-1] = &value
			must(t, h.db.Transaction(func(tx *gorm.DB) error {
				_, err := h.Append(t.Context(), tx, id, []channels.Sample{s})
				return err
			}))
		}
		add(0, 1, "21.5")
		add(time.Millisecond, 1, "21.6")
		add(0, 1, "21.5") // again
		add(0, 2, "40")   // the rest of the moment
		add(time.Millisecond, 1, "21.7")
		rows, err := h.Feed(t.Context(), id, channels.Query{})
		must(t, err)
		if len(rows) != 2 || *rows[0].Fields[0] != "21.5" || *rows[0].Fields[1] != "40" || *rows[1].Fields[0] != "21.7" || rows[1].Entry != 2 {
			t.Fatalf("%+v", rows)
		}
		for i := range 40 { // these are summed up, and stay as they are
			add(time.Duration(i+2)*time.Second, 1, "20")
		}
		must(t, h.Sum(t.Context(), id))
		add(0, 1, "99")
		if rows, err = h.Feed(t.Context(), id, channels.Query{}); err != nil || len(rows) != 43 {
			t.Fatalf("%d entries, %v", len(rows), err)
		}
		must(t, h.Sum(t.Context(), id))
	})
}

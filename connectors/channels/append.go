package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// A Sample is what came for a channel at one moment. What is nil was not given.
type Sample struct {
	At     time.Time // to the microsecond
	Fields [MaxFields]*string
	Status *string
}

// Grown says what Append did to a channel.
type Grown struct {
	Channel     ID
	Tenant, Org iam.OrgID
	from, to    int64 // its last entry before and after
}

var (
	lockToAppend = migrations.SQL(`UPDATE channels SET last_entry_at = ? WHERE id = ?` + whatItGot)
	lastAtTime   = migrations.SQL(selectRows + ` AND created_at = ? ORDER BY entry_id DESC LIMIT 1`)
	summedUpTo   = migrations.SQL(`SELECT COALESCE(MAX(summed), 0) FROM feed_marks WHERE channel_id = ?`)
	mendRow      = migrations.SQL(`UPDATE feeds SET field1 = COALESCE(?, field1), field2 = COALESCE(?, field2), field3 = COALESCE(?, field3), field4 = COALESCE(?, field4),
 field5 = COALESCE(?, field5), field6 = COALESCE(?, field6), field7 = COALESCE(?, field7), field8 = COALESCE(?, field8), status = COALESCE(?, status)
WHERE channel_id = ? AND entry_id = ?`)
	useKeys = migrations.SQL(`UPDATE channel_keys SET used_at = ? WHERE channel_id = ? AND kind = '` + kindWrite + `' AND used_at IS NULL`)
)

// Append puts samples into a channel in the caller's transaction, who has judged
// whether they may come. What is there already is not stored again, so the same
// samples may come twice; what is new of a moment completes or corrects its
// entry, as long as that is not summed up.
func (s *Store) Append(ctx context.Context, tx *gorm.DB, id ID, list []Sample) (g Grown, err error) {
	now := iam.Micros(s.Now())
	switch err := lockToAppend.Row(ctx, tx, now, int64(id)).Scan(&g.from, &g.Tenant, &g.Org); {
	case errors.Is(err, sql.ErrNoRows):
		return g, connectors.ErrChannel
	case err != nil:
		return g, fmt.Errorf("append to channel %s: %w", id, err)
	}
	g.Channel, g.to = id, g.from
	var summed int64
	if err := summedUpTo.Row(ctx, tx, int64(id)).Scan(&summed); err != nil {
		return g, fmt.Errorf("append to channel %s: %w", id, err)
	}
	for i := range list {
		if err := s.put(ctx, tx, &g, summed, list[i]); err != nil {
			return g, fmt.Errorf("append to channel %s: %w", id, err)
		}
	}
	if _, err := numberedTo.Exec(ctx, tx, g.to, int64(id)); err != nil {
		return g, fmt.Errorf("append to channel %s: %w", id, err)
	}
	if _, err := useKeys.Exec(ctx, tx, now, int64(id)); err != nil {
		return g, fmt.Errorf("note a key's first use: %w", err)
	}
	return g, nil
}

func (s *Store) put(ctx context.Context, tx *gorm.DB, g *Grown, summed int64, m Sample) error {
	e := Entry{Fields: m.Fields, Status: m.Status}
	if err := e.check(); err != nil {
		return err
	}
	at := iam.Micros(m.At)
	there, err := rowsOf(lastAtTime.Rows(ctx, tx, int64(g.Channel), at))
	if err != nil {
		return err
	}
	if len(there) > 0 && m.within(there[0]) {
		return nil
	}
	if len(there) > 0 && there[0].Entry > summed {
		f := m.Fields
		_, err := mendRow.Exec(ctx, tx, text(f[0]), text(f[1]), text(f[2]), text(f[3]), text(f[4]), text(f[5]), text(f[6]), text(f[7]), text(m.Status),
			int64(g.Channel), there[0].Entry)
		return err
	}
	g.to++
	_, err = insertRow.Exec(ctx, tx, e.row(g.Channel, g.to, at, false)...)
	return err
}

// within tells whether all that the sample has is in the row.
func (m Sample) within(r Row) bool {
	for i, v := range m.Fields {
		if v != nil && (r.Fields[i] == nil || *r.Fields[i] != *v) {
			return false
		}
	}
	return m.Status == nil || r.Status != nil && *r.Status == *m.Status
}

// Told lets those who watch the channel know of what Append has put there, once
// it is on disk.
func (s *Store) Told(g Grown) {
	s.Tally.Stored.Add(uint64(g.to - g.from))
	s.grew(g.Channel, g.from, g.to)
	if s.Live != nil {
		s.Live.Publish(live.Event{Kind: live.Value, Tenant: g.Tenant, Org: g.Org, ID: g.Channel.String()})
	}
}

var setFields = migrations.SQL(`UPDATE channels SET fields = ?, updated_at = ? WHERE id = ?`)

// SetFields gives a channel other fields; what it holds stays where it is.
func (s *Store) SetFields(ctx context.Context, tx *gorm.DB, id string, list []connectors.Field) error {
	if len(list) > MaxFields {
		return fmt.Errorf("set fields: %d, the store has %d", len(list), MaxFields)
	}
	return s.change(ctx, tx, setFields, id, fieldsOf(list).text(), iam.Micros(s.Now()))
}

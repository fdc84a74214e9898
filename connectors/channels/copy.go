package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// A copy is a channel whose entries are kept by a service outside. It bears the
// name of the channel there in place of a number: its own is drawn, and negative,
// so that no door can name it. It has no keys, and it is nobody's by an account.
const sourceCopy = "copy"

var _ connectors.Copies = (*Store)(nil)

var (
	insertCopy = migrations.SQL(`INSERT INTO channels (id, tenant_id, org_id, source, op, name, fields, public, min_gap, created_at, updated_at)
VALUES (?, ?, ?, '` + sourceCopy + `', ?, ?, ?, FALSE, 0, ?, ?) ON CONFLICT DO NOTHING`)
	copyNamed  = migrations.SQL(`SELECT id FROM channels WHERE op = ? AND source = '` + sourceCopy + `'`)
	lockToCopy = migrations.SQL(`UPDATE channels SET last_entry_at = CASE WHEN last_entry_at > ? THEN last_entry_at ELSE ? END WHERE id = ?` + whatItGot)
	emptyCopy  = migrations.SQL(`SELECT last_entry_id FROM channels WHERE id = ?`)
)

// Copy implements connectors.Copies. Values that we could not store are left out.
func (s *Store) Copy(ctx context.Context, tx *gorm.DB, of connectors.Original, list []connectors.Entry) (told func(), err error) {
	id, err := s.copyOf(ctx, tx, of)
	if err != nil || len(list) == 0 {
		return func() {}, err
	}
	newest := int64(0)
	for _, e := range list {
		newest = max(newest, iam.Micros(e.At))
	}
	var last int64
	var tenant, org iam.OrgID
	if err := lockToCopy.Row(ctx, tx, newest, newest, int64(id)).Scan(&last, &tenant, &org); err != nil {
		return nil, fmt.Errorf("copy into channel %s: %w", of.ID, err)
	}
	from := last
	for _, x := range list {
		e := Entry{Fields: x.Fields, Status: x.Status, Latitude: x.Latitude, Longitude: x.Longitude, Elevation: x.Elevation}
		e.spare()
		last++
		if _, err := insertRow.Exec(ctx, tx, e.row(id, last, iam.Micros(x.At), false)...); err != nil {
			return nil, fmt.Errorf("copy into channel %s: %w", of.ID, err)
		}
	}
	if _, err := numberedTo.Exec(ctx, tx, last, int64(id)); err != nil {
		return nil, fmt.Errorf("copy into channel %s: %w", of.ID, err)
	}
	return func() {
		s.grew(id, from, last)
		if s.Live != nil {
			s.Live.Publish(live.Event{Kind: live.Value, Tenant: tenant, Org: org, ID: of.ID})
		}
	}, nil
}

// spare leaves out what cannot be stored.
func (e *Entry) spare() {
	for i := range e.Fields {
		if !storable(e.Fields[i]) {
			e.Fields[i] = nil
		}
	}
	for _, v := range []**string{&e.Status, &e.Latitude, &e.Longitude, &e.Elevation} {
		if !storable(*v) {
			*v = nil
		}
	}
}

// copyOf finds the copy, or makes it.
func (s *Store) copyOf(ctx context.Context, tx *gorm.DB, of connectors.Original) (id ID, err error) {
	err = copyNamed.Row(ctx, tx, of.ID).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	now := iam.Micros(s.Now())
	if _, err := insertCopy.Exec(ctx, tx, -1-rand.Int64N(1<<60), string(of.Tenant), string(of.Org), of.ID, of.Name, fieldsOf(of.Fields).text(), now, now); err != nil {
		return 0, fmt.Errorf("make a copy of channel %s: %w", of.ID, err)
	}
	if err := copyNamed.Row(ctx, tx, of.ID).Scan(&id); err != nil {
		return 0, fmt.Errorf("find the copy of channel %s: %w", of.ID, err)
	}
	return id, nil
}

// Empty implements connectors.Copies.
func (s *Store) Empty(ctx context.Context, name string) error {
	id, err := s.Number(ctx, name)
	if err != nil {
		return err
	}
	var last int64
	if err := emptyCopy.Row(ctx, s.db(ctx), int64(id)).Scan(&last); err != nil {
		return fmt.Errorf("empty channel %s: %w", name, err)
	}
	if err := s.thin(ctx, id, last); err != nil {
		return err
	}
	return s.db(ctx).Transaction(func(tx *gorm.DB) error { return s.empty(ctx, tx, id) })
}

// Rhythm implements connectors.Copies.
func (s *Store) Rhythm(ctx context.Context, name string) (time.Duration, error) {
	sums, err := s.Summaries(ctx, []string{name})
	return sums[name].Interval, err
}

// Number is the number of a channel by what devices know it by: its own, or, of
// one outside, that of its copy. ErrChannel if there is none yet.
func (s *Store) Number(ctx context.Context, channel string) (ID, error) {
	if id, err := ParseID(channel); err == nil {
		return id, nil
	}
	return s.copyNumber(ctx, s.db(ctx), channel)
}

func (s *Store) copyNumber(ctx context.Context, tx *gorm.DB, name string) (id ID, err error) {
	if id = s.copied.get(name); id != 0 {
		return id, nil
	}
	err = copyNamed.Row(ctx, tx, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, connectors.ErrChannel
	}
	if err != nil {
		return 0, fmt.Errorf("find the copy of channel %s: %w", name, err)
	}
	s.copied.put(name, id)
	return id, nil
}

// Elsewhere tells whether a channel's readings are kept by a service outside, by
// what its device knows it by.
func Elsewhere(channel string) bool {
	_, err := ParseID(channel)
	return err != nil
}

// maxCopied bounds the memory: about 1 MB.
const maxCopied = 8192

// copied remembers the numbers of copies, which never change.
type copied struct {
	mu sync.Mutex
	of map[string]ID
}

func (c *copied) get(name string) ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[name]
}

func (c *copied) put(name string, id ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil || len(c.of) >= maxCopied {
		c.of = map[string]ID{}
	}
	c.of[name] = id
}

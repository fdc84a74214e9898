package channels

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/migrations"
)

// Settings are what an account gives a channel. What is nil stays as it is.
type Settings struct {
	Name        *string
	Description *string
	Fields      [MaxFields]*string // names; an empty one takes the field out of use
	Latitude    *string
	Longitude   *string
	Elevation   *string
	Metadata    *string
	Tags        *string
	URL         *string
	Public      *bool
}

// maxSetting is the longest setting, in bytes.
const maxSetting = 3000

// ErrSetting is a setting that cannot be kept.
var ErrSetting = fault.New(fault.Unprocessable, "channel-setting", "A setting is longer than 3000 bytes or is not text.")

func (w Settings) check() error {
	for _, v := range append(w.Fields[:], w.Name, w.Description, w.Latitude, w.Longitude, w.Elevation, w.Metadata, w.Tags, w.URL) {
		if v != nil && (len(*v) > maxSetting || !utf8.ValidString(*v) || strings.IndexByte(*v, 0) >= 0) {
			return ErrSetting
		}
	}
	return nil
}

// apply gives the channel what is set.
func (w Settings) apply(c *Channel) {
	for i, name := range w.Fields {
		if name != nil && *name != c.Fields[i].Name {
			c.Fields[i] = connectors.Field{Name: *name}
		}
	}
	if w.Name != nil {
		c.Name = *w.Name
	}
	if w.Public != nil {
		c.Public = *w.Public
	}
	for _, s := range []struct {
		to   **string
		from *string
	}{{&c.Description, w.Description}, {&c.Latitude, w.Latitude}, {&c.Longitude, w.Longitude}, {&c.Elevation, w.Elevation},
		{&c.Metadata, w.Metadata}, {&c.Tags, w.Tags}, {&c.URL, w.URL}} {
		if s.from != nil {
			*s.to = s.from
		}
	}
}

var updateChannel = migrations.SQL(`UPDATE channels SET name = ?, description = ?, fields = ?, public = ?, url = ?, tags = ?, metadata = ?,
latitude = ?, longitude = ?, elevation = ?, updated_at = ? WHERE id = ?`)

func (s *Store) save(ctx context.Context, tx *gorm.DB, c *Channel) error {
	c.Updated = s.Now()
	if _, err := updateChannel.Exec(ctx, tx, c.Name, text(c.Description), c.Fields.text(), c.Public, text(c.URL), text(c.Tags), text(c.Metadata),
		text(c.Latitude), text(c.Longitude), text(c.Elevation), iam.Micros(c.Updated), int64(c.ID)); err != nil {
		return fmt.Errorf("save channel %s: %w", c.ID, err)
	}
	return nil
}

// MakeChannel makes a channel for the account with a write and a read key. Each
// call makes another one.
func (s *Store) MakeChannel(ctx context.Context, a Account, w Settings) (l Listing, err error) {
	if err := w.check(); err != nil {
		return l, err
	}
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		id, _, err := s.insert(ctx, tx, connectors.Wanted{Op: iam.NewID(), Tenant: a.Tenant, Org: a.Org}, sourceAccount)
		if err != nil {
			return err
		}
		if l.Channel, err = findChannel(ctx, tx, channelOfID, int64(id)); err != nil {
			return err
		}
		if w.apply(&l.Channel); l.Name == "" {
			l.Name = "Channel " + id.String()
		}
		if err := s.save(ctx, tx, &l.Channel); err != nil {
			return err
		}
		if l.WriteKey, err = s.addKey(ctx, tx, a.Tenant, id, kindWrite, "", ""); err != nil {
			return err
		}
		if l.ReadKey, err = s.addKey(ctx, tx, a.Tenant, id, kindRead, "", ""); err != nil {
			return err
		}
		return a.record(ctx, tx, "channel.create", id)
	})
	return l, err
}

// SetChannel changes the settings of a channel of the account.
func (s *Store) SetChannel(ctx context.Context, a Account, id ID, w Settings) (l Listing, err error) {
	if err := w.check(); err != nil {
		return l, err
	}
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		if l, err = s.listing(ctx, tx, a, id); err != nil {
			return err
		}
		w.apply(&l.Channel)
		if err := s.save(ctx, tx, &l.Channel); err != nil {
			return err
		}
		return a.record(ctx, tx, "channel.change", id)
	})
	return l, err
}

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
	"halfkey/migrations"
)

// A Channel is what is known of one besides its entries and keys. What is nil
// was never set.
type Channel struct {
	ID          ID
	Tenant      iam.OrgID
	Org         iam.OrgID
	Name        string
	Description *string
	Fields      Fields
	Public      bool // anybody may read it
	URL         *string
	Tags        *string // separated by commas
	Metadata    *string
	Latitude    *string // coordinates are kept as they came
	Longitude   *string
	Elevation   *string
	LastEntry   int64     // 0 when there is none
	Heard       time.Time // when the last entry came; zero when there is none
	Created     time.Time
	Updated     time.Time
}

const channelColumns = `id, tenant_id, org_id, name, description, fields, public, url, tags, metadata, latitude, longitude, elevation,
last_entry_id, last_entry_at, created_at, updated_at`

var channelOfID = migrations.SQL(`SELECT ` + channelColumns + ` FROM channels WHERE id = ?`)

// Find is the channel with that number, or connectors.ErrChannel.
func (s *Store) Find(ctx context.Context, id ID) (Channel, error) {
	return findChannel(ctx, s.db(ctx), channelOfID, int64(id))
}

func findChannel(ctx context.Context, tx *gorm.DB, st migrations.Statement, args ...any) (Channel, error) {
	c, err := scanChannel(st.Row(ctx, tx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return c, connectors.ErrChannel
	}
	if err != nil {
		return c, fmt.Errorf("find channel: %w", err)
	}
	return c, nil
}

func scanChannel(row interface{ Scan(...any) error }) (c Channel, err error) {
	var fields string
	var heard *int64
	var created, updated int64
	if err := row.Scan(&c.ID, &c.Tenant, &c.Org, &c.Name, &c.Description, &fields, &c.Public, &c.URL, &c.Tags, &c.Metadata,
		&c.Latitude, &c.Longitude, &c.Elevation, &c.LastEntry, &heard, &created, &updated); err != nil {
		return c, err
	}
	c.Heard, c.Created, c.Updated = iam.TimeOrZero(heard), iam.Time(created), iam.Time(updated)
	c.Fields, err = parseFields(fields)
	return c, err
}

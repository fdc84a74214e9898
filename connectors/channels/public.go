package channels

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/migrations"
)

// maxPublic is how many public channels are looked through for a list.
const maxPublic = 10_000

var (
	publicChannels = migrations.SQL(`SELECT ` + channelColumns + ` FROM channels WHERE public ORDER BY id LIMIT ?`)
	publicOfOrg    = migrations.SQL(`SELECT ` + channelColumns + ` FROM channels WHERE public AND org_id = ? ORDER BY id LIMIT ?`)
	ownerNamed     = migrations.SQL(`SELECT o.id, o.created_at FROM orgs o JOIN orgs t ON t.id = o.tenant_id WHERE t.slug = ? AND t.kind = 'tenant' AND o.slug = ?`)
)

// PublicChannels are those that anybody may read, in the order of their making;
// with an organisation, only its own.
func (s *Store) PublicChannels(ctx context.Context, org iam.OrgID) (list []Channel, err error) {
	st, args := publicChannels, []any{maxPublic}
	if org != "" {
		st, args = publicOfOrg, []any{string(org), maxPublic}
	}
	err = each(st.Rows(ctx, s.db(ctx), args...))(func(rows *sql.Rows) error {
		c, err := scanChannel(rows)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list public channels: %w", err)
	}
	return list, nil
}

// An Owner is an organisation as other programs know it: by a login.
type Owner struct {
	Org     iam.OrgID
	Login   string
	Created int64 // Unix microseconds
}

// ErrOwner is also what those hear who may not know of the organisation.
var ErrOwner = fault.New(fault.NotFound, "owner-unknown", "There is no such user.")

// Owner finds the organisation whose slug, and whose tenant's slug, are these.
func (s *Store) Owner(ctx context.Context, tenant, slug string) (o Owner, err error) {
	err = ownerNamed.Row(ctx, s.db(ctx), tenant, slug).Scan(&o.Org, &o.Created)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrOwner
	}
	if err != nil {
		return o, fmt.Errorf("find an owner: %w", err)
	}
	return o, nil
}

package connectors

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// A Stuck is a channel that is asked for in vain.
type Stuck struct {
	View
	Service   ID // the connector's
	Connector string
	Place     iam.OrgID
}

// Stuck are the channels of all connectors that the actor may see whose last try
// came to nothing, the oldest first, after the one with the given id (empty: from the
// first), at most n.
func (d *Desk) Stuck(ctx context.Context, after string, n int) (list []Stuck, err error) {
	scope, err := d.Decider.Scope(ctx, policies.ReadConnector)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Projection
		ConnectorName string
		Place         iam.OrgID
	}
	q := d.db(ctx).Table("projections AS p").Joins("JOIN connectors c ON c.id = p.connector_id").
		Where("p.pending <> '' AND p.error <> '' AND p.id > ?", after).Select("p.*, c.name AS connector_name, c.org_id AS place")
	if err := scope.Filter(q, "c.org_id", "c.tenant_id").Order("p.id").Limit(n).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list what waits outside: %w", err)
	}
	for _, r := range rows {
		list = append(list, Stuck{viewOf(r.Projection), r.Projection.Connector, r.ConnectorName, r.Place})
	}
	return list, nil
}

// Again has everything that waits for a connector tried now, without waiting for
// its turn, and says how much that is.
func (d *Desk) Again(ctx context.Context, id ID) (n int, err error) {
	a, err := d.take(ctx, id, policies.TestConnector)
	if err != nil {
		return 0, err
	}
	if a.service == nil {
		return 0, ErrOwn
	}
	now := iam.Micros(d.Now())
	err = d.db(ctx).Transaction(func(tx *gorm.DB) error {
		// What was asked for and may have been done is looked for in its time.
		res := tx.Exec(`UPDATE projections SET due_at = ?, tries = 0 WHERE connector_id = ? AND pending <> '' AND error <> '' AND pending NOT IN (?, ?)`, now, id, toLook, toLook2)
		if res.Error != nil {
			return res.Error
		}
		if n = int(res.RowsAffected); n == 0 {
			return nil
		}
		if err := tx.Exec(`UPDATE connectors SET retry_at = 0 WHERE id = ?`, id).Error; err != nil {
			return err
		}
		return audit.Record(ctx, tx, "connector.again", a.object(), audit.Detail{"count": n})
	})
	if err != nil {
		return 0, fmt.Errorf("try connector %s again: %w", id, err)
	}
	d.Wake()
	return n, nil
}

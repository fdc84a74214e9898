package connectors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// ID names a connector.
type ID string

// A Connector is a provider at work for an organisation and everything below it.
type Connector struct {
	ID       ID        `gorm:"column:id;primaryKey"`
	Tenant   iam.OrgID `gorm:"column:tenant_id"`
	Org      iam.OrgID `gorm:"column:org_id"`
	Provider string    `gorm:"column:provider"`
	Name     string    `gorm:"column:name"`
	State    string    `gorm:"column:state"` // active, paused or removed
	Created  int64     `gorm:"column:created_at"`
}

// TableName is for GORM.
func (Connector) TableName() string { return "connectors" }

// The states of a connector. A paused one takes wishes and grants them later.
const (
	active  = "active"
	paused  = "paused"
	removed = "removed"
)

// Paused tells whether wishes wait until somebody lets it go on.
func (c Connector) Paused() bool { return c.State == paused }

// Registry finds the connector that serves an organisation.
type Registry struct {
	Providers map[string]Provider // by Provider.Name
	Now       func() time.Time
}

// Add puts a provider to work for org and everything below it.
func (r *Registry) Add(ctx context.Context, tx *gorm.DB, tenant, org iam.OrgID, provider, name string) (ID, error) {
	if r.Providers[provider] == nil {
		return "", fmt.Errorf("add connector: no provider %q", provider)
	}
	c := Connector{ID: ID(iam.NewID()), Tenant: tenant, Org: org, Provider: provider, Name: name, State: active, Created: iam.Micros(r.Now())}
	if err := tx.WithContext(ctx).Create(&c).Error; err != nil {
		return "", fmt.Errorf("add connector: %w", err)
	}
	return c.ID, nil
}

// For is the nearest connector that gives channels on the way from org up to its
// tenant, the newest of those of one place, or ErrConnector.
func (r *Registry) For(ctx context.Context, tx *gorm.DB, org iam.OrgID) (Connector, Provider, error) {
	return r.nearest(ctx, tx, org, false)
}

// Beside is the nearest connector that makes agents for the devices of org, found
// as For does it, or ErrConnector where they are no agents elsewhere.
func (r *Registry) Beside(ctx context.Context, tx *gorm.DB, org iam.OrgID) (Connector, Provider, error) {
	return r.nearest(ctx, tx, org, true)
}

func (r *Registry) nearest(ctx context.Context, tx *gorm.DB, org iam.OrgID, agents bool) (Connector, Provider, error) {
	names := []string{""} // of no provider, since a list in SQL is never empty
	for name, p := range r.Providers {
		if p.Capabilities().Agents {
			names = append(names, name)
		}
	}
	if agents && len(names) == 1 {
		return Connector{}, nil, ErrConnector
	}
	which := map[bool]string{false: "NOT IN", true: "IN"}[agents]
	return r.take(tx.WithContext(ctx).Raw(`SELECT c.* FROM org_closure o JOIN connectors c ON c.org_id = o.ancestor
WHERE o.descendant = ? AND c.state <> ? AND c.provider `+which+` ? ORDER BY o.depth, c.created_at DESC, c.id DESC LIMIT 1`, org, removed, names))
}

// Get is the connector with that id, whatever its state.
func (r *Registry) Get(ctx context.Context, tx *gorm.DB, id ID) (Connector, Provider, error) {
	return r.take(tx.WithContext(ctx).Raw(`SELECT * FROM connectors WHERE id = ?`, id))
}

func (r *Registry) take(q *gorm.DB) (Connector, Provider, error) {
	var c Connector
	if err := q.Take(&c).Error; errors.Is(err, gorm.ErrRecordNotFound) {
		return c, nil, ErrConnector
	} else if err != nil {
		return c, nil, fmt.Errorf("find connector: %w", err)
	}
	p := r.Providers[c.Provider]
	if p == nil {
		return c, nil, fmt.Errorf("find connector: %s needs the provider %q, which is not here", c.ID, c.Provider)
	}
	return c, p, nil
}

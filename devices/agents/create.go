package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/migrations"
	"halfkey/policies"
)

// A Wish is an agent to be made.
type Wish struct {
	Name    string
	Profile Profile
	ID      ID        // "" for one that we draw; else it may be that of an asset
	Org     iam.OrgID // "" for the asset's place, or the highest in which the actor may make agents
	Network string    // JSON, or ""
}

// ErrPlace says that nothing tells where the agent shall lie.
var ErrPlace = fault.New(fault.Refused, "agent-place", "You may not make agents anywhere here.")

var insertAgent = migrations.SQL(`INSERT INTO agents (id, device_id, tenant_id, ten, profile, network, epoch, generation, old_generation)
VALUES (?, ?, ?, ?, ?, ?, 1, 0, 0)`)

// Create makes an agent, its device, its channel and its initial token. It is
// ErrIDTaken, devices.ErrNameTaken or ErrQuota when there is no room for it.
func (s *Service) Create(ctx context.Context, w Wish) (Agent, error) {
	r, first, err := s.prepare(ctx, w)
	if err != nil {
		return Agent{}, err
	}
	terms, err := s.TermsOf(ctx, r.Tenant)
	if err != nil {
		return Agent{}, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := roomFor(tx, r.Tenant, terms.Size); err != nil {
			return err
		}
		return s.createIn(ctx, tx, r, first)
	})
	if err != nil {
		return Agent{}, fmt.Errorf("create agent %s: %w", r.ID, err)
	}
	s.Devices.Changed(r.device())
	return r.agent(), nil
}

// prepare is what is done for an agent before anything is written.
func (s *Service) prepare(ctx context.Context, w Wish) (r *row, first initial, err error) {
	name, err := iam.ParseName(w.Name)
	if err != nil {
		return nil, first, err
	}
	network, err := parseNetwork(w.Network)
	if err != nil {
		return nil, first, err
	}
	org, err := s.placeFor(ctx, w)
	if err != nil {
		return nil, first, err
	}
	if w.ID == "" {
		w.ID = newID()
	}
	r = &row{ID: w.ID, Org: org, Name: name, Profile: w.Profile, Network: network, Epoch: 1}
	if r.Tenant, r.Ten, err = s.tenantOf(ctx, org); err != nil {
		return nil, first, err
	}
	first, err = s.newInitial(r)
	return r, first, err
}

// tenantOf is the tenant that org belongs to, with the word that its agents say.
func (s *Service) tenantOf(ctx context.Context, org iam.OrgID) (tenant iam.OrgID, ten string, err error) {
	if tenant, err = s.Decider.TenantOf(ctx, org); err != nil {
		return "", "", err
	}
	err = s.DB.WithContext(ctx).Raw("SELECT slug FROM orgs WHERE id = ?", string(tenant)).Row().Scan(&ten)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", ErrPlace // the platform itself has no agents
	}
	return tenant, ten, err
}

func (s *Service) createIn(ctx context.Context, tx *gorm.DB, r *row, first initial) error {
	var taken int
	if err := tx.Raw("SELECT COUNT(*) FROM agents WHERE id = ?", string(r.ID)).Row().Scan(&taken); err != nil || taken > 0 {
		return errors.Join(err, ErrIDTaken)
	}
	connector, err := embedded(ctx, tx, r.Org)
	if err != nil {
		return err
	}
	d, err := s.Devices.Announce(ctx, tx, devices.Newcomer{Tenant: r.Tenant, Org: r.Org, Serial: string(r.ID), Name: r.Name,
		Door: devices.Agent, Kind: connectors.Agent, Connector: connector})
	if err != nil {
		return err
	}
	r.Device, r.State, r.ETag, r.Channel, r.Connector, r.CreatedAt = d.ID, d.State, d.Version, d.Channel, string(d.Connector), d.CreatedAt
	_, err = insertAgent.Exec(ctx, tx, string(r.ID), string(r.Device), string(r.Tenant), r.Ten, string(r.Profile), r.Network)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrIDTaken
	}
	if err != nil {
		return err
	}
	if err := s.keepInitial(ctx, tx, r, first); err != nil {
		return err
	}
	return audit.Record(ctx, tx, "agent.create", r.object(), audit.Detail{"agent": r.ID, "name": r.Name, "profile": r.Profile})
}

// embedded is the connector of our own store that is nearest to org: an agent's
// values come to us and go nowhere else.
func embedded(ctx context.Context, tx *gorm.DB, org iam.OrgID) (id connectors.ID, err error) {
	err = tx.WithContext(ctx).Raw(`SELECT c.id FROM org_closure o JOIN connectors c ON c.org_id = o.ancestor
WHERE o.descendant = ? AND c.state = 'active' AND c.provider = ? ORDER BY o.depth, c.id DESC LIMIT 1`, string(org), channels.Provider).Row().Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", connectors.ErrConnector
	}
	return id, err
}

// placeFor finds where the agent shall lie, within what the actor may.
func (s *Service) placeFor(ctx context.Context, w Wish) (iam.OrgID, error) {
	org := w.Org
	if org == "" && w.ID != "" {
		a, err := s.readAsset(ctx, w.ID)
		if errors.Is(err, ErrAsset) {
			if _, err := read(ctx, s.DB.WithContext(ctx), w.ID); err == nil {
				return "", ErrIDTaken
			}
			return "", ErrID.At("entityId", "is that of an asset that was made before")
		}
		if err != nil {
			return "", err
		}
		org = a.Org
	}
	if org != "" {
		return org, s.Decider.Require(ctx, policies.ManageAgent, org)
	}
	places, err := s.Orgs.Places(ctx, policies.ManageAgent)
	if err != nil {
		return "", err
	}
	for _, p := range places {
		if p.Tenant != "" && p.Parent != "" {
			return p.ID, nil
		}
	}
	return "", ErrPlace
}

package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/policies"
)

func connectorID(s string) connectors.ID { return connectors.ID(s) }

var agentOfID = migrations.SQL(`SELECT ` + columns + fromAgents + ` AND a.id = ?`)

// read takes the agent as it is, for whoever asks; ErrUnknown if there is none.
func read(ctx context.Context, tx *gorm.DB, id ID) (*row, error) {
	r, err := scan(agentOfID.Row(ctx, tx, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("read agent %s: %w", id, err)
	}
	return r, nil
}

func scan(from interface{ Scan(...any) error }) (*row, error) {
	var r row
	// Plain strings spare the driver reflection.
	err := from.Scan((*string)(&r.ID), (*string)(&r.Device), (*string)(&r.Tenant), &r.Ten, (*string)(&r.Profile), &r.Network, &r.Epoch, &r.OnboardedAt,
		&r.IATSealed, &r.IATMac, &r.IATExpiresAt, &r.FetchedAt, &r.Generation, &r.RATMac, &r.SecretSealed, &r.PublicKey, &r.ExpiresAt, &r.ProvedAt,
		&r.OldGen, &r.OldRATMac, &r.OldSecret, &r.OldPublicKey, &r.OldExpiresAt,
		(*string)(&r.Org), &r.Name, (*string)(&r.State), &r.ETag, &r.Channel, &r.Connector, &r.CreatedAt)
	return &r, err
}

// find takes the agent for somebody who wants act done with it. Who may not see
// it hears ErrUnknown; who sees it and may not hears policies.ErrRefused.
func (s *Service) find(ctx context.Context, id ID, act policies.Action) (*row, error) {
	r, err := read(ctx, s.DB.WithContext(ctx), id)
	if err != nil {
		return nil, err
	}
	return r, s.require(ctx, r, act)
}

// require is nil for the agent itself, where what is asked for is its own to do.
func (s *Service) require(ctx context.Context, r *row, act policies.Action) error {
	err := s.Decider.Require(ctx, policies.SeeDevice, r.Org)
	if errors.Is(err, policies.ErrHidden) || errors.Is(err, policies.ErrRefused) {
		return ErrUnknown
	}
	if err != nil || act == policies.SeeDevice {
		return err
	}
	return s.Decider.Require(ctx, act, r.Org)
}

// actorType is that of an agent that acts for itself.
const actorType = "device"

// As is a context in which the agent itself acts.
func (a Agent) As(ctx context.Context) context.Context {
	return audit.WithActor(ctx, audit.Actor{Type: actorType, ID: string(a.ID), Name: a.Name})
}

// findOwn is find for what an agent may do with itself. Another one's is not
// hidden from it: it is refused.
func (s *Service) findOwn(ctx context.Context, id ID, act policies.Action) (*row, error) {
	who := audit.ActorFrom(ctx)
	if who.Type != actorType {
		return s.find(ctx, id, act)
	}
	if who.ID != string(id) {
		return nil, policies.ErrRefused
	}
	return read(ctx, s.DB.WithContext(ctx), id)
}

// Get is the agent, or ErrUnknown for whoever may not see it.
func (s *Service) Get(ctx context.Context, id ID) (Agent, error) {
	r, err := s.findOwn(ctx, id, policies.SeeDevice)
	if err != nil {
		return Agent{}, err
	}
	return r.agent(), nil
}

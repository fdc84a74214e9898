package devices

import (
	"context"
	"errors"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/recall"
)

// served is the connector that makes channels for a place.
type served struct {
	id       connectors.ID
	provider connectors.Provider
	beside   *served // who makes agents elsewhere for its devices; nil: nobody
}

// serving remembers which connector serves which place, for half a second and
// as long as nothing about places changes, and what provider a connector is of,
// which never changes.
type serving struct {
	once      sync.Once
	places    *recall.Memory[iam.OrgID, served]
	providers *recall.Memory[connectors.ID, connectors.Provider]
}

func (v *serving) ready() {
	v.once.Do(func() {
		v.places = recall.New[iam.OrgID, served](4096, 500*time.Millisecond)
		v.providers = recall.New[connectors.ID, connectors.Provider](4096, time.Hour)
	})
}

// connectorFor finds who makes channels for org. Ask before a transaction.
func (s *Service) connectorFor(ctx context.Context, org iam.OrgID) (served, error) {
	s.serving.ready()
	version, err := s.Decider.Version(ctx)
	if err != nil {
		return served{}, err
	}
	if known, ok := s.serving.places.Get(org, version); ok {
		return known, nil
	}
	c, provider, err := s.Connectors.For(ctx, s.DB, org)
	if err != nil {
		return served{}, err
	}
	found := served{id: c.ID, provider: provider}
	switch c, provider, err := s.Connectors.Beside(ctx, s.DB, org); {
	case err == nil:
		found.beside = &served{id: c.ID, provider: provider}
	case !errors.Is(err, connectors.ErrConnector):
		return served{}, err
	}
	s.serving.places.Put(org, version, found)
	return found, nil
}

// providerOf finds who keeps the channels of a connector.
func (s *Service) providerOf(ctx context.Context, tx *gorm.DB, id connectors.ID) (connectors.Provider, error) {
	s.serving.ready()
	if known, ok := s.serving.providers.Get(id, 0); ok {
		return known, nil
	}
	_, provider, err := s.Connectors.Get(ctx, tx, id)
	if err == nil {
		s.serving.providers.Put(id, 0, provider)
	}
	return provider, err
}

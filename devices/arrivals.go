package devices

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
	"halfkey/policies"
)

// skew is how far the clocks of replicas may lie apart.
const skew = time.Hour

// Arrivals are the new devices that boarded with the key since then and that
// the actor may see, the newest first: what the add-device page waits for.
func (s *Service) Arrivals(ctx context.Context, key iam.KeyID, since time.Time) ([]View, error) {
	scope, err := s.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil || scope.Empty() {
		return nil, err
	}
	w, err := s.filtered(ctx, Filter{Key: key})
	if err != nil {
		return nil, err
	}
	w.and("created_at >= ?", iam.Micros(since))
	w.and("id >= ?", iam.FirstID(since.Add(-skew))) // ends the walk down the index
	list, err := s.page(ctx, w.within(scope), 50)
	if err != nil {
		return nil, err
	}
	return s.views(ctx, list)
}

// A NearMiss is a call that was refused while its owner was waiting for it. It
// never tells whose key was used.
type NearMiss struct {
	Serial string
	Cause  string // as the trail has it: proof-wrong, key-unknown, unlisted, …
	At     time.Time
}

const mostMisses = 20

// NearMisses are refused calls since then that concern the key: those that named
// a key of its organisation, and those of its listed or waiting serials that
// named a key nobody has. The newest are first.
func (s *Service) NearMisses(ctx context.Context, key iam.KeyID, since time.Time) ([]NearMiss, error) {
	var k struct{ TenantID, OrgID string }
	err := s.DB.WithContext(ctx).Table("registration_keys").Select("tenant_id, org_id").Where("id = ?", key).Take(&k).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, orgs.ErrKeyUnknown
	}
	if err != nil {
		return nil, err
	}
	if s.Decider.Require(ctx, policies.SeeRegistrationKey, iam.OrgID(k.OrgID)) != nil {
		return nil, orgs.ErrKeyUnknown
	}
	var lines []audit.Entry
	err = s.DB.WithContext(ctx).
		Where("verb = ? AND outcome = ? AND at >= ?", "device.register", audit.Refused, iam.Micros(since)).
		Where(`tenant_id = ? AND org_id = ? OR tenant_id = ? AND object_id IN (
			SELECT serial FROM listed_serials WHERE key_id = ? UNION SELECT serial FROM join_requests WHERE key_id = ?)`,
			k.TenantID, k.OrgID, audit.Platform, key, key).
		Order("at DESC").Limit(mostMisses).Find(&lines).Error
	if err != nil {
		return nil, err
	}
	misses := make([]NearMiss, len(lines))
	for i, l := range lines {
		cause, _ := l.Details()["cause"].(string)
		misses[i] = NearMiss{Serial: l.ObjectID, Cause: cause, At: l.Time()}
	}
	return misses, nil
}

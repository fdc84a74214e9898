package devices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/migrations"
	"halfkey/policies"
)

// A Request is a device that waits for an owner's word: a stranger, or one that
// is aboard and asks to join again. Times are Unix microseconds.
type Request struct {
	ID        iam.JoinID    `gorm:"column:id"`
	Tenant    iam.OrgID     `gorm:"column:tenant_id"`
	Org       iam.OrgID     `gorm:"column:org_id"`
	Serial    string        `gorm:"column:serial"`
	Key       iam.KeyID     `gorm:"column:key_id"`
	KeyLabel  string        `gorm:"column:key_label"`
	Device    *iam.DeviceID `gorm:"column:device_id"` // the one that asks again; nil for a stranger
	Door      Door          `gorm:"column:door"`
	Address   string        `gorm:"column:address"`
	Model     string        `gorm:"column:model"` // a stranger's own words
	State     string        `gorm:"column:state"` // waiting, accepted or declined
	FirstAt   int64         `gorm:"column:first_at"`
	AskedAt   int64         `gorm:"column:asked_at"`
	DecidedAt *int64        `gorm:"column:decided_at"`
	DecidedBy *string       `gorm:"column:decided_by"`
	Removed   bool          `gorm:"column:removed"` // its owner removed it once
}

// What can go wrong with an answer to a question.
var (
	ErrNoRequest = fault.New(fault.NotFound, "join-request-unknown", "There is no such question, or it is answered already.")
	ErrDecided   = fault.New(fault.Conflict, "join-request-decided", "Somebody else has answered this meanwhile.")
)

const selectRequests = `SELECT j.*, k.label AS key_label,
 EXISTS (SELECT 1 FROM devices t WHERE t.tenant_id = j.tenant_id AND t.serial = j.serial AND t.removed_at IS NOT NULL) AS removed
FROM join_requests j JOIN registration_keys k ON k.id = j.key_id`

// Waiting lists the open questions of the organisation and those below it that
// the actor may answer, newest first; of everything he may answer when org is empty.
func (s *Service) Waiting(ctx context.Context, org iam.OrgID) ([]Request, error) {
	return s.requests(ctx, org, waiting)
}

// Declined lists who was turned away and may be let ask again with Lift.
func (s *Service) Declined(ctx context.Context, org iam.OrgID) ([]Request, error) {
	return s.requests(ctx, org, declined)
}

const mostRequests = 500

func (s *Service) requests(ctx context.Context, org iam.OrgID, state string) ([]Request, error) {
	scope, err := s.Decider.Scope(ctx, policies.DecideStranger)
	if err != nil || scope.Empty() {
		return nil, err
	}
	q := s.DB.WithContext(ctx).Table("(?) AS r", s.DB.Raw(selectRequests)).Where("state = ?", state)
	if state == waiting {
		q = q.Where("asked_at > ?", iam.Micros(s.Now().Add(-question)))
	}
	if org != "" {
		q = q.Where("org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", org)
	}
	var list []Request
	err = scope.Filter(q, "org_id", "tenant_id").Order("asked_at DESC, id").Limit(mostRequests).Find(&list).Error
	return list, err
}

// CountWaiting is how many questions the actor may answer, for the sign beside
// the menu. It stops counting at 1,000.
func (s *Service) CountWaiting(ctx context.Context) (int, error) {
	scope, err := s.Decider.Scope(ctx, policies.DecideStranger)
	if err != nil || scope.Empty() {
		return 0, err
	}
	var w where
	w.and("state = ? AND asked_at > ?", waiting, iam.Micros(s.Now().Add(-question)))
	if sql, args := scope.SQL("org_id", "tenant_id"); sql != "" {
		w.and(sql, args...)
	}
	n := 0
	count := migrations.SQL("SELECT COUNT(*) FROM (SELECT 1 FROM join_requests WHERE " + w.sql + " LIMIT 1000) AS first_ones")
	err = count.Row(ctx, s.DB, w.args...).Scan(&n)
	return n, err
}

// Accept lets the device come aboard; the yes holds for 30 days.
func (s *Service) Accept(ctx context.Context, id iam.JoinID) error {
	return s.decide(ctx, id, accepted, "device.accept")
}

// Decline turns the device away: it is refused until Lift.
func (s *Service) Decline(ctx context.Context, id iam.JoinID) error {
	return s.decide(ctx, id, declined, "device.decline")
}

// Lift takes a no back. The device may ask again; a second call changes nothing.
func (s *Service) Lift(ctx context.Context, id iam.JoinID) error {
	r, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	return s.settle(ctx, r, "device.lift", func(tx *gorm.DB) error {
		return changed(tx.Exec("DELETE FROM join_requests WHERE id = ? AND state = ?", id, declined))
	})
}

func (s *Service) decide(ctx context.Context, id iam.JoinID, state, verb string) error {
	r, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	if r.State == state {
		return nil
	}
	return s.settle(ctx, r, verb, func(tx *gorm.DB) error {
		return changed(tx.Exec("UPDATE join_requests SET state = ?, decided_at = ?, decided_by = ? WHERE id = ? AND state = ?",
			state, s.micros(), audit.ActorFrom(ctx).ID, id, waiting))
	})
}

func (s *Service) settle(ctx context.Context, r Request, verb string, do func(tx *gorm.DB) error) error {
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := do(tx); err != nil {
			return err
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(r.Tenant), Org: string(r.Org), Type: "join-request", ID: string(r.ID)},
			audit.Detail{"serial": r.Serial})
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, r.ID, err)
	}
	s.publish(live.Join, r.Tenant, r.Org, string(r.ID))
	return nil
}

// request takes the question for somebody who wants to answer it; who may not
// see it hears that there is none.
func (s *Service) request(ctx context.Context, id iam.JoinID) (r Request, err error) {
	err = s.DB.WithContext(ctx).Raw(selectRequests+" WHERE j.id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, ErrNoRequest
	}
	if err != nil {
		return r, err
	}
	if s.Decider.Require(ctx, policies.DecideStranger, r.Org) != nil {
		return r, ErrNoRequest
	}
	return r, nil
}

// changed expects that the question was still open.
func changed(res *gorm.DB) error {
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrDecided
	}
	return res.Error
}

// Asked and Since read a request's times.
func (r Request) Asked() time.Time { return iam.Time(r.AskedAt) }
func (r Request) Since() time.Time { return iam.Time(r.FirstAt) }

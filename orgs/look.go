package orgs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/recall"
	"halfkey/policies"
)

// LookLife is how long somebody looks through another's eyes at most.
const LookLife = time.Hour

// What stands against looking through another's eyes.
var (
	ErrLookReason = fault.New(fault.Unprocessable, "look-reason", "Say in a few words why: the organisation reads it in its trail.")
	ErrLookWhom   = fault.New(fault.Refused, "look-whom", "Nobody looks through the eyes of somebody who runs the platform, or helps others as you do.")
	ErrLooking    = fault.New(fault.Refused, "looking-only", "You look through another's eyes: you see what this person sees, and change nothing.")
)

// Look is that somebody sees what another sees.
type Look struct {
	ID      string
	By      iam.UserID
	Through iam.User
	Org     iam.OrgID // within this place
	Reason  string
	Until   time.Time
}

// Looks keeps who looks through whose eyes. Make it with NewLooks.
type Looks struct {
	*Service
	known *recall.Memory[iam.SessionID, *Look]
}

// NewLooks joins the parts; that somebody looks is remembered for half a second.
func NewLooks(s *Service) *Looks {
	return &Looks{s, recall.New[iam.SessionID, *Look](10_000, 500*time.Millisecond)}
}

// Begin lets whoever is signed in see what through sees within org, for an hour
// at most and only in this browser. It asks for Impersonate there; the reason and
// both names are on the record. It fails with ErrLookReason, ErrLookWhom,
// policies.ErrHidden or policies.ErrRefused.
func (l *Looks) Begin(ctx context.Context, session iam.Session, through iam.UserID, org iam.OrgID, reason string) error {
	if err := l.Decider.Require(ctx, policies.Impersonate, org); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); len(reason) < 4 || len(reason) > 500 {
		return iam.Wrong("reason", ErrLookReason)
	}
	who, err := l.Users.Get(ctx, through)
	if err != nil || !l.Decider.MayUser(ctx, through, policies.ReadOrg, org, "") {
		return errors.Join(policies.ErrHidden, err)
	}
	for _, act := range []policies.Action{policies.Impersonate, policies.AdministerPlatform} {
		if through == session.User || l.Decider.MayUser(ctx, through, act, org, "") {
			return ErrLookWhom
		}
	}
	now := l.Now()
	err = l.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := endLooks(tx, session.ID, iam.Micros(now)); err != nil {
			return err
		}
		err := tx.Exec("INSERT INTO looks (id, session_id, user_id, through_id, org_id, reason, began_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			iam.NewID(), string(session.ID), string(session.User), string(through), string(org), reason, iam.Micros(now), iam.Micros(now.Add(LookLife))).Error
		if err != nil {
			return err
		}
		if err := l.Decider.Bump(tx); err != nil {
			return err
		}
		return l.record(ctx, tx, "person.look", org, through, audit.Detail{"name": who.Name, "reason": reason})
	})
	l.known.Forget(session.ID)
	if err != nil {
		return fmt.Errorf("look through the eyes of %s: %w", through, err)
	}
	return nil
}

// End goes back to one's own eyes. Twice changes nothing.
func (l *Looks) End(ctx context.Context, session iam.SessionID) error {
	look, err := l.read(ctx, session)
	if err != nil || look == nil {
		return err
	}
	err = l.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := l.Decider.Bump(tx); err != nil {
			return err
		}
		if err := endLooks(tx, session, iam.Micros(l.Now())); err != nil {
			return err
		}
		return l.record(ctx, tx, "person.look-end", look.Org, look.Through.ID, audit.Detail{"name": look.Through.Name})
	})
	l.known.Forget(session)
	if err != nil {
		return fmt.Errorf("end looking: %w", err)
	}
	return nil
}

func endLooks(tx *gorm.DB, session iam.SessionID, now int64) error {
	return tx.Exec("UPDATE looks SET ended_at = ? WHERE session_id = ? AND ended_at IS NULL", now, string(session)).Error
}

func (l *Looks) record(ctx context.Context, tx *gorm.DB, verb string, org iam.OrgID, through iam.UserID, d audit.Detail) error {
	o, err := findOrg(tx, org)
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(o.Tenant), Org: string(org), Type: "user", ID: string(through)}, d)
}

// Of is through whose eyes a browser looks; nil for its own. It ends by itself
// after its hour, and as soon as whoever looks may no longer.
func (l *Looks) Of(ctx context.Context, session iam.SessionID) (*Look, error) {
	version, err := l.Decider.Version(ctx)
	if err != nil {
		return nil, err
	}
	look, ok := l.known.Get(session, version)
	if !ok {
		if look, err = l.read(ctx, session); err != nil {
			return nil, err
		}
		l.known.Put(session, version, look)
	}
	if look == nil || !l.Now().Before(look.Until) || !l.Decider.MayUser(ctx, look.By, policies.Impersonate, look.Org, "") {
		return nil, nil
	}
	return look, nil
}

func (l *Looks) read(ctx context.Context, session iam.SessionID) (*Look, error) {
	var r struct {
		ID, UserID, ThroughID, OrgID, Reason string
		EndsAt                               int64
	}
	res := l.DB.WithContext(ctx).Raw("SELECT id, user_id, through_id, org_id, reason, ends_at FROM looks WHERE session_id = ? AND ended_at IS NULL", string(session)).Scan(&r)
	if res.Error != nil || res.RowsAffected == 0 {
		return nil, res.Error
	}
	through, err := l.Users.Get(ctx, iam.UserID(r.ThroughID))
	if err != nil {
		return nil, err
	}
	return &Look{r.ID, iam.UserID(r.UserID), through, iam.OrgID(r.OrgID), r.Reason, iam.Time(r.EndsAt)}, nil
}

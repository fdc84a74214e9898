package iam

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
)

// ErrSessionUnknown says that there is no such session, or no longer.
var ErrSessionUnknown = fault.New(fault.NotFound, "session-unknown", "There is no such session any more.")

// SessionInfo is an open session as its owner sees it in a list.
type SessionInfo struct {
	ID        SessionID
	Method    Method
	Agent     string // what the browser says it is
	Source    string // the network that it was opened from
	CreatedAt time.Time
	SeenAt    time.Time // to the hour
}

// List gives a person's open sessions, the last used first.
func (s *Sessions) List(ctx context.Context, user UserID) ([]SessionInfo, error) {
	var rows []sessionRow
	now := s.Now()
	err := s.DB.WithContext(ctx).Where("user_id = ? AND expires_at > ? AND seen_at > ?", string(user), Micros(now), Micros(now.Add(-SessionIdle))).
		Order("seen_at DESC, id DESC").Limit(100).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	all := make([]SessionInfo, len(rows))
	for i, r := range rows {
		all[i] = SessionInfo{SessionID(r.ID), Method(r.Method), r.Agent, r.Address, Time(r.CreatedAt), Time(r.SeenAt)}
	}
	return all, nil
}

// End ends one session of the person who acts, whichever browser has it; it is
// refused within the second everywhere. It fails with ErrSessionUnknown.
func (s *Sessions) End(ctx context.Context, me Session, id SessionID) error {
	return s.end(ctx, me, "session.end", "user_id = ? AND id = ?", string(me.User), string(id))
}

// EndOthers ends every session of the person who acts but the one he acts in.
func (s *Sessions) EndOthers(ctx context.Context, me Session) error {
	err := s.end(ctx, me, "session.end-others", "user_id = ? AND id <> ?", string(me.User), string(me.ID))
	if fault.Of(err) == ErrSessionUnknown {
		return nil
	}
	return err
}

func (s *Sessions) end(ctx context.Context, me Session, verb, which string, args ...any) error {
	return s.deed(ctx, me, verb, nil, func(tx *gorm.DB) error {
		res := tx.Exec("DELETE FROM sessions WHERE "+which, args...)
		if res.Error == nil && res.RowsAffected == 0 {
			return ErrSessionUnknown
		}
		return res.Error
	})
}

// deed changes a person's own ways in: it takes turns with every other change of
// rights, is seen on every replica within the second, and is written down.
func (s *Sessions) deed(ctx context.Context, me Session, verb string, d audit.Detail, change func(tx *gorm.DB) error) error {
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Versions.Bump(tx); err != nil { // first, as everywhere
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		return s.record(ctx, tx, User{ID: me.User, Name: me.Name, Home: me.Home}, verb, d)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

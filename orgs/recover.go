package orgs

import (
	"context"
	"errors"
	"fmt"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// What stands between a helper and somebody who cannot sign in.
var (
	ErrHelpBeyond = fault.New(fault.Refused, "help-beyond", "This person may do more than you, here or elsewhere. Somebody who may as much, or whoever runs this server, can help.")
	ErrHelpSelf   = fault.New(fault.Refused, "help-self", "You are signed in: change your own password on your own page.")
)

// MayHelp says whether one person may lead another back in: he manages people
// where the other is at home, and the other holds no role, there or elsewhere,
// that he could not give. Otherwise a manager would become an owner by a link.
// It fails with ErrHidden, ErrRefused, ErrHelpSelf or ErrHelpBeyond.
func (s *Service) MayHelp(ctx context.Context, helper, who iam.UserID) error {
	user, err := s.Users.Get(ctx, who)
	if errors.Is(err, iam.ErrUserUnknown) {
		return policies.ErrHidden
	}
	if err != nil {
		return err
	}
	ctx = asUser(ctx, helper)
	if err := s.Decider.Require(ctx, policies.ManagePeople, user.Home); err != nil {
		return err
	}
	if helper == who {
		return ErrHelpSelf
	}
	var seats []struct{ Role, OrgID string }
	err = s.DB.WithContext(ctx).Raw(`SELECT DISTINCT role, org_id FROM assignments
WHERE subject_type = 'user' AND subject_id = ? AND ended_at IS NULL AND status = 'active' AND (valid_to IS NULL OR valid_to > ?)`,
		string(who), iam.Micros(s.Now())).Scan(&seats).Error
	if err != nil {
		return fmt.Errorf("read the roles of %s: %w", who, err)
	}
	for _, seat := range seats {
		g := policies.Grant{Role: policies.Role(seat.Role), Org: iam.OrgID(seat.OrgID), Reach: policies.Subtree, By: helper}
		if err := s.Decider.WouldGrant(ctx, g); err != nil {
			if f := fault.Of(err); f.Kind == fault.Internal || f.Kind == fault.Unavailable {
				return err
			}
			return ErrHelpBeyond
		}
	}
	return nil
}

// asUser lets ctx act as somebody, to ask what he may.
func asUser(ctx context.Context, user iam.UserID) context.Context {
	return audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(user)})
}

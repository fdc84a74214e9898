package orgs

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/oidc"
	"halfkey/policies"
)

// newcomersRoles are those that somebody may get by signing in through his
// organisation's provider for the first time.
var newcomersRoles = []policies.Role{policies.Viewer, policies.Member}

// MaySetSignIn says whether who acts in ctx may say whom a tenant believes when
// it signs people in, and which role newcomers get: its owners, since whoever
// runs the provider opens every account that is at home there.
func (s *Service) MaySetSignIn(ctx context.Context, tenant iam.OrgID, role string) error {
	o, err := findOrg(s.DB.WithContext(ctx), tenant)
	if err != nil {
		return err
	}
	if err := s.Decider.Require(ctx, policies.ManageOrg, tenant); err != nil {
		return err
	}
	if o.Kind != Tenant {
		return policies.ErrHidden
	}
	if err := s.Decider.MayGrant(ctx, policies.Owner, tenant); err != nil {
		return policies.ErrRefused
	}
	if role != "" && !slices.Contains(newcomersRoles, policies.Role(role)) {
		return iam.Wrong("role", policies.ErrRole)
	}
	return nil
}

// JoinBySignIn gives a newcomer his role, in the name of who said so: if that one
// may not give it any more, nobody does.
func (s *Service) JoinBySignIn(ctx context.Context, tx *gorm.DB, user iam.UserID, p oidc.Provider) error {
	_, err := s.Decider.Grant(ctx, tx, policies.Grant{Subject: user, Role: policies.Role(p.Role), Org: p.Tenant, Source: policies.Invited, By: p.ChangedBy, Reason: "signed in through " + p.Issuer})
	return err
}

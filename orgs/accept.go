package orgs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// What stands between a person and an invitation.
var (
	ErrHasAccount  = fault.New(fault.Conflict, "invitation-has-account", "You have an account already. Sign in, then accept.")
	ErrOtherPerson = fault.New(fault.Refused, "invitation-other-person", "This invitation is for another address. Sign in with that one.")
	ErrVoid        = fault.New(fault.Gone, "invitation-void", "Whoever invited you may no longer do so. Ask for a new invitation.")
)

// Accept takes up an invitation as somebody new, who chooses a name and what to
// sign in with. Field names: name, password. The link is used up only if all of
// it succeeds. Only a try that would have succeeded is told of an account.
func (s *Service) Accept(ctx context.Context, token, name string, with iam.Choice) (iam.UserID, error) {
	row, err := s.findInvitation(s.DB.WithContext(ctx), token)
	if err != nil {
		return "", err
	}
	var form iam.Form
	name, err = iam.ParseName(name)
	form.Check("name", err)
	form.Check("password", with.Fit(s.Passwords, name, row.Email))
	if err := form.Err(); err != nil { // first: what is no try to enter says nothing of who is known
		return "", err
	}
	switch err := s.unused(ctx, iam.Email(row.Email)); {
	case errors.Is(err, iam.ErrEmailTaken):
		return "", ErrHasAccount
	case err != nil:
		return "", err
	}
	newcomer := iam.NewUser{Email: iam.Email(row.Email), Name: name, Home: iam.OrgID(row.TenantID)}
	if err := with.Give(ctx, s.Passwords, &newcomer); err != nil {
		return "", fmt.Errorf("accept an invitation: %w", err)
	}
	var user iam.UserID
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Decider.Bump(tx); err != nil { // first, as everywhere: it takes turns
			return err
		}
		user, err = s.Users.Create(tx, newcomer)
		if errors.Is(err, iam.ErrEmailTaken) {
			return ErrHasAccount
		}
		if err != nil {
			return err
		}
		return s.takeUp(ctx, tx, row, user, name)
	})
	if err != nil {
		return "", fmt.Errorf("accept an invitation: %w", err)
	}
	s.tell(live.People, iam.OrgID(row.TenantID), iam.OrgID(row.OrgID), string(user))
	return user, nil
}

// AcceptAs takes up an invitation as the person who acts in ctx; the address
// must be his.
func (s *Service) AcceptAs(ctx context.Context, token string) error {
	row, err := s.findInvitation(s.DB.WithContext(ctx), token)
	if err != nil {
		return err
	}
	user, err := s.Users.Get(ctx, asking(ctx))
	if err != nil && !errors.Is(err, iam.ErrUserUnknown) {
		return fmt.Errorf("accept an invitation: %w", err)
	}
	if err != nil || string(user.Email) != row.Email {
		return ErrOtherPerson
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Decider.Bump(tx); err != nil { // first, as everywhere: it takes turns
			return err
		}
		return s.takeUp(ctx, tx, row, user.ID, user.Name)
	})
	if err != nil {
		return fmt.Errorf("accept an invitation: %w", err)
	}
	s.tell(live.People, iam.OrgID(row.TenantID), iam.OrgID(row.OrgID), string(user.ID))
	return nil
}

// takeUp uses the invitation and gives the role, if the inviter still may.
func (s *Service) takeUp(ctx context.Context, tx *gorm.DB, row invitationRow, user iam.UserID, name string) error {
	ctx = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(user), Name: name})
	now := iam.Micros(s.Now())
	res := tx.Exec(`UPDATE invitations SET accepted_at = ?, accepted_by = ? WHERE id = ? AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?`,
		now, string(user), row.ID, now)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return ErrInvitationUsed
	}
	if row.MailedAt != nil {
		if err := s.Users.Confirm(tx, user, iam.Email(row.Email)); err != nil {
			return err
		}
	}
	if row.DeviceID != nil { // it may have been moved meanwhile, or sold
		if err := tx.Raw("SELECT COALESCE(MAX(org_id), '') FROM devices WHERE id = ? AND tenant_id = ? AND removed_at IS NULL", *row.DeviceID, row.TenantID).Scan(&row.OrgID).Error; err != nil {
			return err
		}
	}
	_, err := s.Decider.Grant(ctx, tx, policies.Grant{
		Subject: user, Role: policies.Role(row.Role), Org: iam.OrgID(row.OrgID), Device: deref[iam.DeviceID](row.DeviceID), Reach: policies.Reach(row.Reach),
		Until: iam.TimeOrZero(row.ValidTo), Lent: deref[iam.AssignmentID](row.LentFrom),
		Source: policies.Source(row.Source), By: iam.UserID(row.InvitedBy), Reason: strings.TrimSpace(row.Reason + " (invitation " + row.ID + ")"),
	})
	if f := fault.Of(err); f != nil && f.Kind != fault.Internal && f.Kind != fault.Unavailable {
		return ErrVoid.Because(err)
	}
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, "invitation.accept", audit.Object{Tenant: row.TenantID, Org: row.OrgID, Type: "invitation", ID: row.ID},
		audit.Detail{"role": row.Role})
}

package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/notify"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// ErrAlreadyThere says that there is nothing to invite to.
var ErrAlreadyThere = fault.New(fault.Conflict, "invite-already-there", "This person holds that role here already.")

// Invite offers a role in org to one address. The token makes the link, which
// is shown once and stored as a keyed hash; it opens one thing, once, for seven
// days. An open offer of the same role to the same address is taken back. Field
// names: email, role.
func (s *Service) Invite(ctx context.Context, org iam.OrgID, email, role string) (vault.Secret, iam.InvitationID, error) {
	return s.invite(ctx, org, email, role, false)
}

// InviteByMail is Invite whose link goes to the address and is shown to nobody,
// so that whoever accepts reads that address's mail.
func (s *Service) InviteByMail(ctx context.Context, org iam.OrgID, email, role string) (iam.InvitationID, error) {
	_, id, err := s.invite(ctx, org, email, role, true)
	return id, err
}

func (s *Service) invite(ctx context.Context, org iam.OrgID, email, role string, mail bool) (vault.Secret, iam.InvitationID, error) {
	if err := s.Decider.Require(ctx, policies.ManagePeople, org); err != nil {
		return "", "", err
	}
	var form iam.Form
	address, err := iam.ParseEmail(email)
	form.Check("email", err)
	r, err := policies.ParseRole(role)
	form.Check("role", err)
	if err := form.Err(); err != nil {
		return "", "", err
	}
	if err := s.Decider.MayGrant(ctx, r, org); err != nil {
		if errors.Is(err, policies.ErrRole) {
			return "", "", iam.Wrong("role", err)
		}
		return "", "", err
	}
	return s.offer(ctx, invitationRow{OrgID: string(org), Email: string(address), Role: string(r), Source: string(policies.Invited)}, mail)
}

// offer writes an invitation, in place of an open one like it.
func (s *Service) offer(ctx context.Context, row invitationRow, mail bool) (vault.Secret, iam.InvitationID, error) {
	if _, err := iam.PersonIn(ctx); err != nil {
		return "", "", err // whoever accepts is told who invited him
	}
	token, now := iam.RandomToken(), s.Now()
	row.ID, row.TokenHash, row.InvitedBy = iam.NewID(), s.invitationHash(token), string(asking(ctx))
	row.CreatedAt, row.ExpiresAt = iam.Micros(now), iam.Micros(now.Add(invitationLife))
	if row.ValidTo != nil {
		row.ExpiresAt = min(row.ExpiresAt, *row.ValidTo)
	}
	if row.Reach == "" {
		row.Reach = string(policies.Subtree)
	}
	detail := audit.Detail{"email": row.Email, "role": row.Role}
	if row.DeviceID != nil {
		detail["device"] = *row.DeviceID
	}
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		o, err := findOrg(tx, iam.OrgID(row.OrgID))
		if err != nil {
			return err
		}
		row.TenantID = string(o.Tenant)
		there, err := holdsAlready(tx, row)
		if err != nil {
			return err
		}
		if there && row.LentFrom == nil {
			return iam.Wrong("email", ErrAlreadyThere)
		}
		err = tx.Exec(`UPDATE invitations SET revoked_at = ? WHERE org_id = ? AND email = ? AND role = ? AND COALESCE(device_id, '') = ?
AND COALESCE(delegated_from, '') = ? AND accepted_at IS NULL AND revoked_at IS NULL`,
			row.CreatedAt, row.OrgID, row.Email, row.Role, string(deref[iam.DeviceID](row.DeviceID)), string(deref[iam.AssignmentID](row.LentFrom))).Error
		if err != nil {
			return err
		}
		if mail {
			row.MailedAt = &row.CreatedAt
			if err := s.mailInvitation(ctx, tx, row, o.Name, token); err != nil {
				return err
			}
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		verb := "person.invite"
		switch policies.Source(row.Source) {
		case policies.Shared:
			verb = "share.invite"
		case policies.Deputy:
			verb = "deputy.invite"
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: row.TenantID, Org: row.OrgID, Type: "invitation", ID: row.ID}, detail)
	})
	if err != nil {
		return "", "", fmt.Errorf("invite into %s: %w", row.OrgID, err)
	}
	s.tell(live.People, iam.OrgID(row.TenantID), iam.OrgID(row.OrgID), row.ID)
	return token, iam.InvitationID(row.ID), nil
}

func (s *Service) mailInvitation(ctx context.Context, tx *gorm.DB, row invitationRow, place string, token vault.Secret) error {
	return s.Post.Mail(ctx, tx, notify.Letter{Kind: "invitation", To: row.Email, Data: notify.Data{
		"Inviter": audit.ActorFrom(ctx).Name, "Org": place, notify.Path: "/i/" + token.Reveal()}})
}

func holdsAlready(tx *gorm.DB, row invitationRow) (bool, error) {
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM assignments a JOIN users u ON u.id = a.subject_id
WHERE u.email = ? AND a.role = ? AND a.org_id = ? AND COALESCE(a.device_id, '') = ? AND a.source <> 'deputy'
AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND a.valid_to IS NULL`,
		row.Email, row.Role, row.OrgID, string(deref[iam.DeviceID](row.DeviceID))).Scan(&n).Error
	return n > 0, err
}

// RevokeInvitation takes an open invitation back. Twice changes nothing.
func (s *Service) RevokeInvitation(ctx context.Context, id iam.InvitationID) error {
	var row invitationRow
	err := s.DB.WithContext(ctx).Where("id = ?", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return policies.ErrHidden
	}
	if err != nil {
		return fmt.Errorf("revoke invitation %s: %w", id, err)
	}
	if s.Decider.Require(ctx, policies.ReadPeople, iam.OrgID(row.OrgID)) != nil {
		return policies.ErrHidden
	}
	if err := s.Decider.Require(ctx, policies.ManagePeople, iam.OrgID(row.OrgID)); err != nil {
		return err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec("UPDATE invitations SET revoked_at = ? WHERE id = ? AND accepted_at IS NULL AND revoked_at IS NULL", iam.Micros(s.Now()), string(id))
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return audit.Record(ctx, tx, "invitation.revoke", audit.Object{Tenant: row.TenantID, Org: row.OrgID, Type: "invitation", ID: row.ID},
			audit.Detail{"email": row.Email})
	})
	if err != nil {
		return fmt.Errorf("revoke invitation %s: %w", id, err)
	}
	s.tell(live.People, iam.OrgID(row.TenantID), iam.OrgID(row.OrgID), row.ID)
	return nil
}

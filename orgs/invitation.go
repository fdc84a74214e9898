package orgs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// invitationLife is how long an invitation can be accepted.
const invitationLife = 7 * 24 * time.Hour

// What an invitation's link can have become.
var (
	ErrInvitationUnknown = fault.New(fault.NotFound, "invitation-unknown", "There is no such invitation. Look whether the whole link was copied.")
	ErrInvitationUsed    = fault.New(fault.Gone, "invitation-used", "This invitation has been accepted. Sign in instead.")
	ErrInvitationExpired = fault.New(fault.Gone, "invitation-expired", "This invitation has expired. Ask for a new one.")
	ErrInvitationRevoked = fault.New(fault.Gone, "invitation-revoked", "This invitation was taken back. Ask whoever sent it.")
)

// Invitation is an offer to one address: a role in a place.
type Invitation struct {
	ID        iam.InvitationID
	Tenant    iam.OrgID
	Org       iam.OrgID
	OrgName   string // or the device's name, where it is shared alone
	Email     iam.Email
	Role      policies.Role
	InvitedBy iam.UserID
	Inviter   string // his name
	CreatedAt time.Time
	ExpiresAt time.Time
	Share     bool         // lets in from elsewhere, and makes nobody one of the place's own
	Deputy    bool         // asks to stand in for the inviter
	Device    iam.DeviceID // that one alone; "" for the whole place
	Until     time.Time    // when the role ends; zero for never
	Devices   int          // how many will be seen; only where the link itself was shown
}

type invitationRow struct {
	ID         string  `gorm:"column:id;primaryKey"`
	TenantID   string  `gorm:"column:tenant_id"`
	OrgID      string  `gorm:"column:org_id"`
	Email      string  `gorm:"column:email"`
	Role       string  `gorm:"column:role"`
	TokenHash  []byte  `gorm:"column:token_hash"`
	InvitedBy  string  `gorm:"column:invited_by"`
	CreatedAt  int64   `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt  int64   `gorm:"column:expires_at"`
	AcceptedAt *int64  `gorm:"column:accepted_at"`
	AcceptedBy *string `gorm:"column:accepted_by"`
	RevokedAt  *int64  `gorm:"column:revoked_at"`
	MailedAt   *int64  `gorm:"column:mailed_at"`
	Source     string  `gorm:"column:source"`         // invite, share or deputy
	LentFrom   *string `gorm:"column:delegated_from"` // the inviter's own role, for a deputy
	Reach      string  `gorm:"column:reach"`
	DeviceID   *string `gorm:"column:device_id"`
	ValidTo    *int64  `gorm:"column:valid_to"` // of the role
	Reason     string  `gorm:"column:reason"`
}

func (invitationRow) TableName() string { return "invitations" }

func (r invitationRow) invitation() Invitation {
	return Invitation{
		ID: iam.InvitationID(r.ID), Tenant: iam.OrgID(r.TenantID), Org: iam.OrgID(r.OrgID), Email: iam.Email(r.Email), Role: policies.Role(r.Role),
		InvitedBy: iam.UserID(r.InvitedBy), CreatedAt: iam.Time(r.CreatedAt), ExpiresAt: iam.Time(r.ExpiresAt),
		Share: r.Source == string(policies.Shared), Deputy: r.Source == string(policies.Deputy), Device: deref[iam.DeviceID](r.DeviceID), Until: iam.TimeOrZero(r.ValidTo),
	}
}

func deref[ID ~string](id *string) ID {
	if id == nil {
		return ""
	}
	return ID(*id)
}

// open is nil while the invitation can be accepted.
func (r invitationRow) open(now time.Time) error {
	switch {
	case r.AcceptedAt != nil:
		return ErrInvitationUsed
	case r.RevokedAt != nil:
		return ErrInvitationRevoked
	case !now.Before(iam.Time(r.ExpiresAt)):
		return ErrInvitationExpired
	}
	return nil
}

func (s *Service) invitationHash(token vault.Secret) []byte {
	return s.Vault.MAC("invitation-token", []byte(token.Reveal()))
}

// findInvitation reads an open invitation by its link.
func (s *Service) findInvitation(q *gorm.DB, token string) (row invitationRow, err error) {
	secret, ok := iam.ParseToken(token)
	if !ok {
		return row, ErrInvitationUnknown
	}
	err = q.Where("token_hash = ?", s.invitationHash(secret)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, ErrInvitationUnknown
	}
	if err != nil {
		return row, fmt.Errorf("find an invitation: %w", err)
	}
	return row, row.open(s.Now())
}

// Invitation shows to whoever holds the link who invites, where to, and how
// much will be seen. It fails with one of the four above.
func (s *Service) Invitation(ctx context.Context, token string) (Invitation, error) {
	q := s.DB.WithContext(ctx)
	row, err := s.findInvitation(q, token)
	if err != nil {
		return Invitation{}, err
	}
	i := row.invitation()
	org, err := findOrg(q, i.Org)
	if err != nil {
		return Invitation{}, err
	}
	inviter, err := s.Users.Get(ctx, i.InvitedBy)
	if err != nil {
		return Invitation{}, err
	}
	i.OrgName, i.Inviter = org.Name, inviter.Name
	if i.Device != "" {
		i.Devices = 1
		return i, q.Raw("SELECT name FROM devices WHERE id = ?", string(i.Device)).Scan(&i.OrgName).Error
	}
	if row.Reach == string(policies.Self) {
		return i, q.Raw("SELECT COUNT(*) FROM devices WHERE org_id = ? AND removed_at IS NULL", string(i.Org)).Scan(&i.Devices).Error
	}
	_, i.Devices, err = devicesBelow(q, i.Org, 0)
	return i, err
}

// WillSee says what somebody invited into org would see there: the names of
// some devices and how many there are in all. It shows nothing that the asking
// person does not see himself.
func (s *Service) WillSee(ctx context.Context, org iam.OrgID) (names []string, all int, err error) {
	if err := s.Decider.Require(ctx, policies.ReadDevice, org); err != nil {
		return nil, 0, err
	}
	q := s.DB.WithContext(ctx)
	further, err := s.Decider.Below(ctx, policies.ReadDevice, org)
	switch {
	case err != nil:
		return nil, 0, err
	case !further:
		return devicesIn(q, org, 5)
	}
	return devicesBelow(q, org, 5)
}

// devicesBelow are those that somebody sees who looks down from org: what lies
// in private places below it he does not.
func devicesBelow(q *gorm.DB, org iam.OrgID, some int) (names []string, all int, err error) {
	const below = ` WHERE removed_at IS NULL AND org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?) AND org_id NOT IN
(SELECT c.descendant FROM org_closure u JOIN orgs p ON p.id = u.descendant AND p.private JOIN org_closure c ON c.ancestor = p.id WHERE u.ancestor = ? AND u.depth > 0)`
	return someDevices(q, below, some, string(org), string(org))
}

// devicesIn are those in org itself.
func devicesIn(q *gorm.DB, org iam.OrgID, some int) (names []string, all int, err error) {
	return someDevices(q, " WHERE removed_at IS NULL AND org_id = ?", some, string(org))
}

func someDevices(q *gorm.DB, where string, some int, args ...any) (names []string, all int, err error) {
	if err := q.Raw("SELECT COUNT(*) FROM devices"+where, args...).Scan(&all).Error; err != nil {
		return nil, 0, fmt.Errorf("count devices: %w", err)
	}
	if some > 0 && all > 0 {
		err = q.Raw("SELECT name FROM devices"+where+" ORDER BY name LIMIT ?", append(args, some)...).Scan(&names).Error
	}
	return names, all, err
}

// Invitations lists the open invitations into org and, for who reaches so far,
// below, newest first. It asks for ReadPeople.
func (s *Service) Invitations(ctx context.Context, org iam.OrgID) ([]Invitation, error) {
	if err := s.Decider.Require(ctx, policies.ReadPeople, org); err != nil {
		return nil, err
	}
	further, err := s.Decider.Below(ctx, policies.ReadPeople, org)
	if err != nil {
		return nil, err
	}
	where := "i.org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)"
	if !further {
		where = "i.org_id = ?"
	}
	var rows []struct {
		Row     invitationRow `gorm:"embedded"` // unexported types are not embedded by themselves
		OrgName string
		Inviter string
	}
	err = s.DB.WithContext(ctx).Raw(`SELECT i.*, o.name AS org_name, u.name AS inviter FROM invitations i
JOIN orgs o ON o.id = i.org_id JOIN users u ON u.id = i.invited_by
WHERE `+where+` AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ?
ORDER BY i.id DESC LIMIT 1000`, string(org), iam.Micros(s.Now())).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	all := make([]Invitation, len(rows))
	for n, r := range rows {
		all[n] = r.Row.invitation()
		all[n].OrgName, all[n].Inviter = r.OrgName, r.Inviter
	}
	return all, nil
}

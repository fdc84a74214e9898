package policies

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// ErrBeyond says that a role cannot be given by whoever wanted to.
var ErrBeyond = fault.New(fault.Refused, "grant-beyond", "You can give only roles that you hold yourself.")

// Source is how somebody came to a role.
type Source string

const (
	Direct   Source = "direct"
	Invited  Source = "invite"
	Founding Source = "founding" // the first seat of a tenant or of the platform; nobody gives it
	Console  Source = "console"  // a platform administrator, named from the machine's own console
)

// Grant is a decision that somebody shall hold a role.
type Grant struct {
	Subject iam.UserID
	Role    Role
	Org     iam.OrgID
	Reach   Reach     // Subtree unless said otherwise
	Until   time.Time // zero for no end
	Source  Source
	Reason  string
	By      iam.UserID // who decides, and answers for it
}

type assignmentRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	TenantID    string `gorm:"column:tenant_id"`
	SubjectType string `gorm:"column:subject_type"`
	SubjectID   string `gorm:"column:subject_id"`
	Role        string `gorm:"column:role"`
	OrgID       string `gorm:"column:org_id"`
	Reach       string `gorm:"column:reach"`
	ValidFrom   *int64 `gorm:"column:valid_from"`
	ValidTo     *int64 `gorm:"column:valid_to"`
	Status      string `gorm:"column:status"`
	Source      string `gorm:"column:source"`
	GrantedBy   string `gorm:"column:granted_by"`
	Reason      string `gorm:"column:reason"`
	CreatedAt   int64  `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt     *int64 `gorm:"column:ended_at"`
}

func (assignmentRow) TableName() string { return "assignments" }

// Grant gives a role in the caller's transaction. Nobody gives what he does not
// hold there himself, longer than he holds it, or without managing people
// there; the first seat of a tenant is Founding. Who holds the role already
// keeps it. It fails with ErrHidden, ErrRefused, ErrBeyond or ErrRole.
func (d *Decider) Grant(ctx context.Context, tx *gorm.DB, g Grant) (iam.AssignmentID, error) {
	if g.Reach == "" {
		g.Reach = Subtree
	}
	if err := d.versions.Bump(tx); err != nil { // first: it takes turns
		return "", err
	}
	l, err := lineOf(tx, g.Org)
	if err != nil {
		return "", err
	}
	if len(l.places) == 0 {
		return "", ErrHidden
	}
	until, err := d.mayGive(tx, g, l)
	if err != nil {
		return "", err
	}
	var there string
	err = tx.Raw(`SELECT id FROM assignments WHERE subject_id = ? AND subject_type = 'user' AND role = ? AND org_id = ? AND reach = ?
AND status = 'active' AND ended_at IS NULL AND valid_to IS NULL`, string(g.Subject), string(g.Role), string(g.Org), string(g.Reach)).Scan(&there).Error
	if err != nil || there != "" {
		return iam.AssignmentID(there), err
	}
	row := assignmentRow{
		ID: iam.NewID(), TenantID: string(l.tenant), SubjectType: "user", SubjectID: string(g.Subject), Role: string(g.Role),
		OrgID: string(g.Org), Reach: string(g.Reach), ValidTo: iam.MicrosOrNull(until), Status: active,
		Source: string(g.Source), GrantedBy: string(g.By), Reason: g.Reason, CreatedAt: iam.Micros(d.now()),
	}
	if err := tx.Create(&row).Error; err != nil {
		return "", fmt.Errorf("grant %s on %s: %w", g.Role, g.Org, err)
	}
	return iam.AssignmentID(row.ID), nil
}

// mayGive judges a grant inside its transaction, and says until when it may hold.
func (d *Decider) mayGive(tx *gorm.DB, g Grant, l line) (time.Time, error) {
	root := len(l.places) == 1
	if root && !g.Role.atRoot() || !root && g.Role == PlatformAdmin || bit(g.Role) == 0 || bit(g.Role) >= 1<<realRoles {
		return time.Time{}, ErrRole
	}
	top := len(l.places) <= 2
	first := false
	if top {
		n, err := d.others(tx, g.Org, topRole(root), "")
		if err != nil {
			return time.Time{}, err
		}
		first = n == 0 && g.Role == topRole(root)
	}
	switch {
	case g.Source == Founding && first, g.Source == Console && g.Role == PlatformAdmin:
		return g.Until, nil
	case g.Source == Founding, g.Source == Console:
		return time.Time{}, ErrBeyond
	}
	seats, err := seatsOf(tx, g.By)
	if err != nil {
		return time.Time{}, err
	}
	now := d.now()
	may := d.table.may(held(seats, l, now))
	switch given := d.table.may(bit(g.Role)); {
	case !may.Has(ReadOrg):
		return time.Time{}, ErrHidden
	case !may.Has(ManagePeople):
		return time.Time{}, ErrRefused
	case given&^may != 0 && !(first && may.Has(AdministerPlatform)): // the platform names a tenant's first owner, and no other
		return time.Time{}, ErrBeyond
	}
	return d.cap(seats, l, now, g.Until), nil
}

// topRole is the role that a tenant, or the platform, must always have somebody in.
func topRole(root bool) Role {
	if root {
		return PlatformAdmin
	}
	return Owner
}

// cap cuts until to the last moment at which the giver may still give.
func (d *Decider) cap(seats []seat, l line, now time.Time, until time.Time) time.Time {
	var last int64
	for _, s := range seats {
		if !d.table.may(held([]seat{s}, l, now)).Has(ManagePeople) {
			continue
		}
		if s.span.to == 0 {
			return until
		}
		last = max(last, s.span.to)
	}
	if end := iam.Time(last); until.IsZero() || end.Before(until) {
		return end
	}
	return until
}

// MayGrant judges, for a page or before an invitation is written, whether the
// person who acts in ctx could give the role. It fails like Grant.
func (d *Decider) MayGrant(ctx context.Context, role Role, org iam.OrgID) error {
	user, _ := Asking(ctx)
	q := d.db.WithContext(ctx)
	l, err := lineOf(q, org)
	if err != nil {
		return err
	}
	if len(l.places) == 0 {
		return ErrHidden
	}
	_, err = d.mayGive(q, Grant{Role: role, Org: org, By: user}, l)
	return err
}

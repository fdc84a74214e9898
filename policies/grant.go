package policies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// What stands against a grant.
var (
	ErrBeyond = fault.New(fault.Refused, "grant-beyond", "You can give only roles that you hold yourself.")
	ErrDuties = fault.New(fault.Conflict, "grant-duties", "Nobody holds these two roles together: who audits does not act, and who looks through others' eyes does not run the platform.")
	ErrLent   = fault.New(fault.Refused, "grant-not-lendable", "You can lend viewer, member, operator or manager, out of a role of your own, for no longer than you hold it.")
)

// Source is how somebody came to a role.
type Source string

const (
	Direct   Source = "direct"
	Invited  Source = "invite"
	Shared   Source = "share"    // let in from elsewhere; it makes nobody one of the organisation's own
	Deputy   Source = "deputy"   // stands in for whom it is lent by
	Founding Source = "founding" // the first seat of a tenant or of the platform; nobody gives it
	Console  Source = "console"  // a platform administrator, named from the machine's own console
)

// SubjectType is who holds a role.
type SubjectType string

const (
	Person  SubjectType = "user"
	Service SubjectType = "service"
	Team    SubjectType = "org" // whoever is one of that organisation's own
)

// Grant is a decision that somebody shall hold a role.
type Grant struct {
	SubjectType SubjectType // Person unless said otherwise
	Subject     iam.UserID  // or the id of a service account or an organisation
	Role        Role
	Org         iam.OrgID
	Device      iam.DeviceID // of the org, and nothing else there; "" for the whole place
	Reach       Reach        // Subtree unless said otherwise
	From        time.Time    // zero for at once
	Until       time.Time    // zero for no end
	Lent        iam.AssignmentID
	Offered     bool // holds only when the other side has accepted it
	Source      Source
	Reason      string
	By          iam.UserID // who decides, and answers for it
}

type assignmentRow struct {
	ID          string  `gorm:"column:id;primaryKey"`
	TenantID    string  `gorm:"column:tenant_id"`
	SubjectType string  `gorm:"column:subject_type"`
	SubjectID   string  `gorm:"column:subject_id"`
	Role        string  `gorm:"column:role"`
	OrgID       string  `gorm:"column:org_id"`
	DeviceID    *string `gorm:"column:device_id"`
	Reach       string  `gorm:"column:reach"`
	ValidFrom   *int64  `gorm:"column:valid_from"`
	ValidTo     *int64  `gorm:"column:valid_to"`
	Status      string  `gorm:"column:status"`
	Source      string  `gorm:"column:source"`
	LentFrom    *string `gorm:"column:delegated_from"`
	GrantedBy   string  `gorm:"column:granted_by"`
	Reason      string  `gorm:"column:reason"`
	CreatedAt   int64   `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt     *int64  `gorm:"column:ended_at"`
	EndedBy     *string `gorm:"column:ended_by"`
	EndReason   *string `gorm:"column:end_reason"`
}

func (assignmentRow) TableName() string { return "assignments" }

// Grant gives a role in the caller's transaction. Nobody gives what he does not
// hold there himself, longer or further down than he holds it, or without managing
// people (or shares) there; a deputy's role leans on one of the giver's own; the
// first seat of a tenant is Founding. Who holds the role already keeps it. It fails
// with ErrHidden, ErrRefused, ErrBeyond, ErrDuties, ErrLent or ErrRole.
func (d *Decider) Grant(ctx context.Context, tx *gorm.DB, g Grant) (iam.AssignmentID, error) {
	if g.Reach == "" {
		g.Reach = Subtree
	}
	if g.SubjectType == "" {
		g.SubjectType = Person
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
	until, err := d.mayGive(ctx, tx, g, l)
	if errors.Is(err, ErrBeyond) && g.Reach == Subtree { // who holds it in this place alone gives it there alone
		g.Reach = Self
		until, err = d.mayGive(ctx, tx, g, l)
	}
	if err != nil {
		return "", err
	}
	if err := apartFrom(tx, g, l, iam.Micros(d.now())); err != nil {
		return "", err
	}
	if there, err := heldAlready(tx, g); err != nil || there != "" {
		return there, err
	}
	row := assignmentRow{
		ID: iam.NewID(), TenantID: string(l.tenant), SubjectType: string(g.SubjectType), SubjectID: string(g.Subject), Role: string(g.Role),
		OrgID: string(g.Org), DeviceID: orNull(g.Device), Reach: string(g.Reach), ValidFrom: iam.MicrosOrNull(g.From), ValidTo: iam.MicrosOrNull(until),
		Status: active, Source: string(g.Source), LentFrom: orNull(g.Lent), GrantedBy: string(g.By), Reason: g.Reason, CreatedAt: iam.Micros(d.now()),
	}
	if g.Offered {
		row.Status = offered
	}
	if err := tx.Create(&row).Error; err != nil {
		return "", fmt.Errorf("grant %s on %s: %w", g.Role, g.Org, err)
	}
	return iam.AssignmentID(row.ID), nil
}

// heldAlready finds the same role without an end.
func heldAlready(tx *gorm.DB, g Grant) (there iam.AssignmentID, err error) {
	err = tx.Raw(`SELECT id FROM assignments WHERE subject_id = ? AND subject_type = ? AND role = ? AND org_id = ? AND reach = ?
AND COALESCE(device_id, '') = ? AND delegated_from IS NULL AND status = 'active' AND ended_at IS NULL AND valid_from IS NULL AND valid_to IS NULL`,
		string(g.Subject), string(g.SubjectType), string(g.Role), string(g.Org), string(g.Reach), string(g.Device)).Scan(&there).Error
	if g.Lent != "" {
		return "", err
	}
	return there, err
}

// apartFrom refuses two roles that nobody holds together in one tenant.
func apartFrom(tx *gorm.DB, g Grant, l line, now int64) error {
	others := apart[g.Role]
	if len(others) == 0 {
		return nil
	}
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM assignments a JOIN orgs o ON o.id = a.org_id WHERE a.subject_id = ? AND a.role IN ?
AND a.status = 'active' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?) AND (a.tenant_id = ? OR o.parent_id IS NULL OR ?)`,
		string(g.Subject), others, now, string(l.tenant), len(l.places) == 1).Scan(&n).Error
	if err != nil {
		return fmt.Errorf("look for roles apart: %w", err)
	}
	if n > 0 {
		return ErrDuties
	}
	return nil
}

func orNull[ID ~string](id ID) *string {
	if id == "" {
		return nil
	}
	s := string(id)
	return &s
}

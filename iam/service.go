package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// ServiceID names a service account.
type ServiceID string

// ParseServiceID takes what a door received. It fails with ErrID.
func ParseServiceID(s string) (ServiceID, error) { return parseID[ServiceID](s) }

// ErrServiceUnknown says that there is no such service account, or that it has ended.
var ErrServiceUnknown = fault.New(fault.NotFound, "service-unknown", "There is no such service account.")

// ServiceAccount is a program that acts by itself. It belongs to an
// organisation, and a person answers for it. It signs in nowhere: it shows one
// of its tokens.
type ServiceAccount struct {
	ID        ServiceID
	Tenant    OrgID
	Org       OrgID
	Name      string
	Owner     UserID
	MadeBy    UserID
	Version   int64 // grows with every change
	CreatedAt time.Time
	EndedAt   time.Time // zero while it stands
}

type serviceRow struct {
	ID        string  `gorm:"column:id;primaryKey"`
	TenantID  string  `gorm:"column:tenant_id"`
	OrgID     string  `gorm:"column:org_id"`
	Name      string  `gorm:"column:name"`
	OwnerID   string  `gorm:"column:owner_id"`
	MadeBy    string  `gorm:"column:made_by"`
	Version   int64   `gorm:"column:version"`
	CreatedAt int64   `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt   *int64  `gorm:"column:ended_at"`
	EndedBy   *string `gorm:"column:ended_by"`
}

func (serviceRow) TableName() string { return "service_accounts" }

func (r serviceRow) service() ServiceAccount {
	return ServiceAccount{ServiceID(r.ID), OrgID(r.TenantID), OrgID(r.OrgID), r.Name, UserID(r.OwnerID), UserID(r.MadeBy),
		r.Version, Time(r.CreatedAt), TimeOrZero(r.EndedAt)}
}

// Services keeps service accounts. Who may do what with them is asked elsewhere.
// The caller raises the version of rights where they change.
type Services struct {
	DB  *gorm.DB
	Now func() time.Time
}

// Create adds a service account in the caller's transaction; it draws the id.
func (s *Services) Create(tx *gorm.DB, a ServiceAccount) (ServiceAccount, error) {
	a.ID, a.Version, a.CreatedAt = ServiceID(NewID()), 1, s.Now()
	row := serviceRow{ID: string(a.ID), TenantID: string(a.Tenant), OrgID: string(a.Org), Name: a.Name, OwnerID: string(a.Owner),
		MadeBy: string(a.MadeBy), Version: a.Version, CreatedAt: Micros(a.CreatedAt)}
	if err := tx.Create(&row).Error; err != nil {
		return a, fmt.Errorf("create a service account: %w", err)
	}
	return a, nil
}

// Get finds one that has not ended. It fails with ErrServiceUnknown.
func (s *Services) Get(q *gorm.DB, id ServiceID) (ServiceAccount, error) {
	var row serviceRow
	err := q.Where("id = ? AND ended_at IS NULL", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ServiceAccount{}, ErrServiceUnknown
	}
	if err != nil {
		return ServiceAccount{}, fmt.Errorf("find service account %s: %w", id, err)
	}
	return row.service(), nil
}

// List gives those of a query that have not ended, oldest first.
func (s *Services) List(q *gorm.DB) ([]ServiceAccount, error) {
	var rows []serviceRow
	if err := q.Where("ended_at IS NULL").Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list service accounts: %w", err)
	}
	all := make([]ServiceAccount, len(rows))
	for i, r := range rows {
		all[i] = r.service()
	}
	return all, nil
}

// Names gives the names of several at once, also of those that have ended.
func (s *Services) Names(ctx context.Context, ids []ServiceID) (map[ServiceID]string, error) {
	var rows []serviceRow
	if err := s.DB.WithContext(ctx).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read service accounts: %w", err)
	}
	names := make(map[ServiceID]string, len(rows))
	for _, r := range rows {
		names[ServiceID(r.ID)] = r.Name
	}
	return names, nil
}

// Change writes name and owner of one that stands, if it is still the version
// that a holds. It fails with ErrChanged or ErrServiceUnknown.
func (s *Services) Change(tx *gorm.DB, a ServiceAccount) error {
	res := tx.Model(&serviceRow{}).Where("id = ? AND version = ? AND ended_at IS NULL", string(a.ID), a.Version).
		Updates(map[string]any{"name": a.Name, "owner_id": string(a.Owner), "version": a.Version + 1})
	if res.Error != nil {
		return fmt.Errorf("change service account %s: %w", a.ID, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrChanged
	}
	return nil
}

// End closes it for ever, with all its tokens and roles.
func (s *Services) End(tx *gorm.DB, id ServiceID, by string) error {
	now := Micros(s.Now())
	res := tx.Model(&serviceRow{}).Where("id = ? AND ended_at IS NULL", string(id)).Updates(map[string]any{"ended_at": now, "ended_by": by})
	if res.Error != nil {
		return fmt.Errorf("end service account %s: %w", id, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrServiceUnknown
	}
	err := tx.Exec("UPDATE api_tokens SET revoked_at = ?, revoked_by = ? WHERE subject_type = 'service' AND subject_id = ? AND revoked_at IS NULL", now, by, string(id)).Error
	if err != nil {
		return fmt.Errorf("end service account %s: %w", id, err)
	}
	return nil
}

// ErrChanged says that somebody else was quicker.
var ErrChanged = fault.New(fault.Stale, "version-stale", "This is not the newest version any more. Look at it again, then decide.")

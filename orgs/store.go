package orgs

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// findOrg reads an organisation, for who may know of it; absent is ErrHidden.
func findOrg(q *gorm.DB, id iam.OrgID) (Org, error) {
	var row orgRow
	err := q.Where("id = ?", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Org{}, policies.ErrHidden
	}
	if err != nil {
		return Org{}, fmt.Errorf("find organisation %s: %w", id, err)
	}
	return row.org(), nil
}

// root reads the platform's own organisation; absent before the setup.
func root(q *gorm.DB) (Org, error) {
	var row orgRow
	err := q.Where("parent_id IS NULL").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Org{}, ErrNotSetUp
	}
	if err != nil {
		return Org{}, fmt.Errorf("find the platform: %w", err)
	}
	return row.org(), nil
}

// add writes an organisation and its place in the tree. It chooses a slug that
// is free.
func (s *Service) add(tx *gorm.DB, o Org) (Org, error) {
	if err := s.Decider.Bump(tx); err != nil { // first: of two that want one slug the second waits
		return Org{}, err
	}
	o.ID = iam.OrgID(iam.NewID())
	if o.Tenant == "" {
		o.Tenant = o.ID
	}
	var err error
	if o.Slug, err = freeSlug(tx, o); err != nil {
		return Org{}, err
	}
	o.CreatedAt, o.State, o.MemberRole, o.MinCredential, o.RotateReadKeys, o.Version = s.Now(), Active, policies.Member, "any", RotateExposed, 1
	row := orgRow{
		ID: string(o.ID), TenantID: string(o.Tenant), Kind: string(o.Kind), Slug: o.Slug, Name: o.Name, State: string(o.State), CreatedAt: iam.Micros(o.CreatedAt),
		MemberRole: string(o.MemberRole), MinCredential: o.MinCredential, RotateReadKeys: o.RotateReadKeys, Version: o.Version,
	}
	if o.Parent != "" {
		row.ParentID = (*string)(&o.Parent)
	}
	if err := tx.Create(&row).Error; err != nil {
		return Org{}, fmt.Errorf("add organisation: %w", err)
	}
	return o, s.Decider.Place(tx, o.ID, o.Parent)
}

func freeSlug(tx *gorm.DB, o Org) (string, error) {
	wish := slug(o.Name)
	for candidate := wish; ; candidate = wish + "-" + iam.NewID()[16:] {
		q := tx.Model(&orgRow{}).Where("tenant_id = ? AND slug = ?", string(o.Tenant), candidate)
		if o.Kind == Tenant {
			q = tx.Model(&orgRow{}).Where("kind = 'tenant' AND slug = ?", candidate)
		}
		var n int64
		if err := q.Count(&n).Error; err != nil {
			return "", fmt.Errorf("look for a free slug: %w", err)
		}
		if n == 0 {
			return candidate, nil
		}
	}
}

package orgs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// ErrRoleName says that two roles of a tenant would be called the same.
var ErrRoleName = fault.New(fault.Conflict, "role-name-taken", "There is a role with this name already.")

// CustomRole is a tenant's own role: a bundle of permission sets.
type CustomRole struct {
	Role      policies.Role // as it is given
	Tenant    iam.OrgID
	Name      string
	Sets      []policies.Role
	CreatedBy iam.UserID
	CreatedAt time.Time
}

type customRoleRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	TenantID  string `gorm:"column:tenant_id"`
	Name      string `gorm:"column:name"`
	Sets      string `gorm:"column:sets"`
	CreatedBy string `gorm:"column:created_by"`
	CreatedAt int64  `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt   *int64 `gorm:"column:ended_at"`
}

func (customRoleRow) TableName() string { return "custom_roles" }

func (r customRoleRow) role() CustomRole {
	c := CustomRole{Role: policies.CustomRole(r.ID), Tenant: iam.OrgID(r.TenantID), Name: r.Name, CreatedBy: iam.UserID(r.CreatedBy), CreatedAt: iam.Time(r.CreatedAt)}
	for _, set := range strings.Fields(r.Sets) {
		c.Sets = append(c.Sets, policies.Role(set))
	}
	return c
}

// CustomRoles lists a tenant's own roles by name, for whoever reads people in it.
func (s *Service) CustomRoles(ctx context.Context, tenant iam.OrgID) ([]CustomRole, error) {
	if err := s.Decider.Require(ctx, policies.ReadPeople, tenant); err != nil {
		return nil, err
	}
	var rows []customRoleRow
	if err := s.DB.WithContext(ctx).Where("tenant_id = ? AND ended_at IS NULL", string(tenant)).Order("name, id").Limit(sharesMost).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list roles of %s: %w", tenant, err)
	}
	all := make([]CustomRole, len(rows))
	for i, r := range rows {
		all[i] = r.role()
	}
	return all, nil
}

// CustomRole finds one of a tenant's own roles, like CustomRoles.
func (s *Service) CustomRole(ctx context.Context, role policies.Role) (CustomRole, error) {
	row, err := findRole(s.DB.WithContext(ctx), role)
	if err != nil {
		return CustomRole{}, err
	}
	if s.Decider.Require(ctx, policies.ReadPeople, iam.OrgID(row.TenantID)) != nil {
		return CustomRole{}, policies.ErrHidden
	}
	return row.role(), nil
}

// RoleName is what a tenant calls a role of its own, ended or not; "" for a role
// of the catalogue. It asks nobody: for those who were shown that somebody holds it.
func (s *Service) RoleName(ctx context.Context, role policies.Role) (name string, err error) {
	if !role.Custom() {
		return "", nil
	}
	if err := s.DB.WithContext(ctx).Raw("SELECT name FROM custom_roles WHERE id = ?", role.Bundle()).Scan(&name).Error; err != nil {
		return "", fmt.Errorf("name role %s: %w", role, err)
	}
	return name, nil
}

func findRole(q *gorm.DB, role policies.Role) (row customRoleRow, err error) {
	err = q.Where("id = ? AND ended_at IS NULL", role.Bundle()).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, policies.ErrHidden
	}
	if err != nil {
		return row, fmt.Errorf("find role %s: %w", role, err)
	}
	return row, nil
}

// MakeCustomRole bundles permission sets. Nobody puts in what he may not do
// himself. Field names: name, sets.
func (s *Service) MakeCustomRole(ctx context.Context, tenant iam.OrgID, name string, sets []string) (CustomRole, error) {
	o, err := findOrg(s.DB.WithContext(ctx), tenant)
	if err != nil {
		return CustomRole{}, err
	}
	if err := s.Decider.Require(ctx, policies.ManageRoles, tenant); err != nil {
		return CustomRole{}, err
	}
	if o.Kind != Tenant {
		return CustomRole{}, policies.ErrHidden
	}
	row := customRoleRow{ID: iam.NewID(), TenantID: string(tenant), CreatedBy: string(asking(ctx)), CreatedAt: iam.Micros(s.Now())}
	if row.Name, row.Sets, err = s.parseBundle(ctx, tenant, name, sets); err != nil {
		return CustomRole{}, err
	}
	return row.role(), s.bundle(ctx, row, "role.make", With{}, func(tx *gorm.DB) (audit.Detail, error) {
		return audit.Change(nil, row.detail()), tx.Create(&row).Error
	})
}

// ChangeCustomRole gives a role another name and other sets; whoever holds it has
// them at once. It asks for the same as MakeCustomRole.
func (s *Service) ChangeCustomRole(ctx context.Context, role policies.Role, name string, sets []string, w With) (CustomRole, error) {
	was, err := s.roleToChange(ctx, role)
	if err != nil {
		return CustomRole{}, err
	}
	row := was
	if row.Name, row.Sets, err = s.parseBundle(ctx, iam.OrgID(row.TenantID), name, sets); err != nil {
		return CustomRole{}, err
	}
	return row.role(), s.bundle(ctx, row, "role.change", w, func(tx *gorm.DB) (audit.Detail, error) {
		res := tx.Model(&customRoleRow{}).Where("id = ? AND ended_at IS NULL", row.ID).Updates(map[string]any{"name": row.Name, "sets": row.Sets})
		if res.Error == nil && res.RowsAffected == 0 {
			return nil, policies.ErrHidden
		}
		return audit.Change(was.detail(), row.detail()), res.Error
	})
}

// EndCustomRole ends a role. Who holds it keeps the name and may nothing by it.
func (s *Service) EndCustomRole(ctx context.Context, role policies.Role, w With) error {
	row, err := s.roleToChange(ctx, role)
	if err != nil {
		return err
	}
	return s.bundle(ctx, row, "role.drop", w, func(tx *gorm.DB) (audit.Detail, error) {
		res := tx.Model(&customRoleRow{}).Where("id = ? AND ended_at IS NULL", row.ID).Update("ended_at", iam.Micros(s.Now()))
		if res.Error == nil && res.RowsAffected == 0 {
			return nil, ErrNothing
		}
		return audit.Change(row.detail(), nil), res.Error
	})
}

func (s *Service) roleToChange(ctx context.Context, role policies.Role) (customRoleRow, error) {
	row, err := findRole(s.DB.WithContext(ctx), role)
	if err == nil {
		err = s.Decider.Require(ctx, policies.ManageRoles, iam.OrgID(row.TenantID))
	}
	return row, err
}

func (r customRoleRow) detail() audit.Detail { return audit.Detail{"name": r.Name, "sets": r.Sets} }

func (s *Service) parseBundle(ctx context.Context, tenant iam.OrgID, name string, sets []string) (string, string, error) {
	var form iam.Form
	name, err := iam.ParseName(name)
	form.Check("name", err)
	slices.Sort(sets)
	bundle := make([]policies.Role, 0, len(sets))
	for _, set := range slices.Compact(sets) {
		bundle = append(bundle, policies.Role(set))
	}
	err = s.Decider.MayBundle(ctx, tenant, bundle)
	if errors.Is(err, policies.ErrSet) || errors.Is(err, policies.ErrBeyond) {
		form.Check("sets", err)
	} else if err != nil {
		return "", "", err
	}
	words := make([]string, len(bundle))
	for i, set := range bundle {
		words[i] = string(set)
	}
	return name, strings.Join(words, " "), form.Err()
}

// bundle runs a deed on a tenant's own role: it may change what anybody in the
// tenant sees who holds it.
func (s *Service) bundle(ctx context.Context, row customRoleRow, verb string, w With, do func(*gorm.DB) (audit.Detail, error)) error {
	tenant := iam.OrgID(row.TenantID)
	type holder struct {
		SubjectType policies.SubjectType
		SubjectID   iam.UserID
	}
	var held []holder
	err := s.DB.WithContext(ctx).Raw("SELECT DISTINCT subject_type, subject_id FROM assignments WHERE tenant_id = ? AND role LIKE 'custom:%' AND role = ? AND ended_at IS NULL LIMIT ?",
		row.TenantID, string(policies.CustomRole(row.ID)), behindMost+1).Scan(&held).Error
	if err != nil {
		return fmt.Errorf("find who holds a role: %w", err)
	}
	var people []iam.UserID // everybody, where a team holds it or very many do
	if len(held) <= behindMost && !slices.ContainsFunc(held, func(h holder) bool { return h.SubjectType == policies.Team }) {
		for _, h := range held {
			people = append(people, h.SubjectID)
		}
	}
	d := Deed{Verb: verb, With: w, Gives: len(held) == 0, Area: Area{Org: tenant, People: people},
		Object: audit.Object{Tenant: row.TenantID, Org: row.TenantID, Type: "role", ID: row.ID}, Tell: []live.Event{happened(live.People, tenant, tenant, row.ID)}}
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		detail, err := do(tx)
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return nil, iam.Wrong("name", ErrRoleName)
		}
		return detail, err
	}
	return s.Perform(ctx, &d)
}

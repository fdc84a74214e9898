package orgs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// CountMost is where the platform stops counting: what is more is "1000+".
const CountMost = 1000

// Platform is the root, for who administers it; else policies.ErrHidden.
func (s *Service) Platform(ctx context.Context) (Org, error) {
	top, err := root(s.DB.WithContext(ctx))
	if err != nil {
		return top, err
	}
	if !s.Decider.May(ctx, policies.AdministerPlatform, top.ID) {
		return Org{}, policies.ErrHidden
	}
	return top, nil
}

// TenantFilter picks organisations of the platform.
type TenantFilter struct {
	Find  string    // what the name or the slug begins with
	State State     // "" for any
	After iam.OrgID // the last of the page before
	Limit int
}

// Listed is a tenant with what it has, counted to CountMost+1 and no further.
type Listed struct {
	Org
	People, Devices int
}

// Tenants lists the platform's organisations by name, open or shut. It asks for
// AdministerPlatform on the root.
func (s *Service) Tenants(ctx context.Context, f TenantFilter) ([]Listed, error) {
	if _, err := s.Platform(ctx); err != nil {
		return nil, err
	}
	q := s.DB.WithContext(ctx).Model(&orgRow{}).Where("kind = 'tenant'")
	name := folded(q, "name")
	if f.Find != "" {
		q = q.Where("("+begins(name)+" OR "+begins(bytewise(q, "slug"))+")", f.Find, f.Find, afterAll, f.Find, f.Find, afterAll)
	}
	if f.State != "" {
		q = q.Where("state = ?", string(f.State))
	}
	if f.After != "" {
		q = q.Where(after(name, "id", "SELECT %s FROM orgs WHERE id = ?"), string(f.After), string(f.After))
	}
	var rows []orgRow
	if err := q.Order(name + ", id").Limit(f.Limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	return s.counted(ctx, rows)
}

// TenantListed is one of them, open or shut.
func (s *Service) TenantListed(ctx context.Context, id iam.OrgID) (Listed, error) {
	if _, err := s.Platform(ctx); err != nil {
		return Listed{}, err
	}
	var rows []orgRow
	if err := s.DB.WithContext(ctx).Where("id = ? AND kind = ?", string(id), string(Tenant)).Find(&rows).Error; err != nil {
		return Listed{}, fmt.Errorf("find organisation %s: %w", id, err)
	}
	all, err := s.counted(ctx, rows)
	if err != nil || len(all) == 0 {
		return Listed{}, orHidden(err)
	}
	return all[0], nil
}

// What a tenant has. DISTINCT and LIMIT together stop at the bound.
const tenantHas = `SELECT o.id,
 (SELECT COUNT(*) FROM (SELECT DISTINCT a.subject_id FROM org_closure c JOIN assignments a ON a.org_id = c.descendant
  WHERE c.ancestor = o.id AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL LIMIT ?) AS p) AS people,
 (SELECT COUNT(*) FROM (SELECT 1 FROM devices d WHERE d.tenant_id = o.id AND d.removed_at IS NULL LIMIT ?) AS d) AS devices
FROM orgs o WHERE o.id IN ?`

func (s *Service) counted(ctx context.Context, rows []orgRow) ([]Listed, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var has []struct {
		ID              iam.OrgID
		People, Devices int
	}
	if len(ids) > 0 {
		if err := s.DB.WithContext(ctx).Raw(tenantHas, CountMost+1, CountMost+1, ids).Scan(&has).Error; err != nil {
			return nil, fmt.Errorf("count what organisations have: %w", err)
		}
	}
	all := make([]Listed, len(rows))
	for i, r := range rows {
		all[i].Org = r.org()
		for _, h := range has {
			if h.ID == all[i].ID {
				all[i].People, all[i].Devices = h.People, h.Devices
			}
		}
	}
	return all, nil
}

// Count counts the organisations, people and devices of the platform, to
// CountMost+1 and no further.
func (s *Service) Count(ctx context.Context) (tenants, people, devices int, err error) {
	if _, err := s.Platform(ctx); err != nil {
		return 0, 0, 0, err
	}
	const n = CountMost + 1
	err = s.DB.WithContext(ctx).Raw(`SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM orgs WHERE kind = 'tenant' LIMIT ?) AS t),
 (SELECT COUNT(*) FROM (SELECT 1 FROM users LIMIT ?) AS u), (SELECT COUNT(*) FROM (SELECT 1 FROM devices WHERE removed_at IS NULL LIMIT ?) AS d)`,
		n, n, n).Row().Scan(&tenants, &people, &devices)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("count what there is: %w", err)
	}
	return tenants, people, devices, nil
}

// bytewise and folded are a column in the order of bytes on both databases, as
// the indexes have it; folded takes capital letters for small ones.
func bytewise(q *gorm.DB, column string) string {
	if q.Name() == "postgres" {
		return column + ` COLLATE "C"`
	}
	return column
}

func folded(q *gorm.DB, column string) string { return bytewise(q, "lower("+column+")") }

// afterAll comes after whatever may follow a beginning.
const afterAll = "\U0010FFFF"

// begins is the condition that a text begins with something, given as that,
// that and afterAll: a range, which an index serves.
func begins(text string) string { return text + " >= lower(?) AND " + text + " < lower(?) || ?" }

// after is the condition that a row comes after another one, which is given
// twice: the first half is what an index serves.
func after(name, id, last string) string {
	return name + " >= (" + fmt.Sprintf(last, name) + ") AND (" + name + ", " + id + ") > (" + fmt.Sprintf(last, name+", "+id) + ")"
}

func orHidden(err error) error {
	if err == nil {
		return policies.ErrHidden
	}
	return err
}

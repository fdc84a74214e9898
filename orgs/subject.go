package orgs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// ErrNobody says that nobody here is called so.
var ErrNobody = fault.New(fault.Unprocessable, "subject-unknown", "Nobody here goes by that. Check it, or send an invitation.")

// subject is who shall hold a role.
type subject struct {
	kind policies.SubjectType
	id   iam.UserID
	name string
	org  Org // of an organisation
}

// subjectOf finds who is meant, for somebody who gives a role in a tenant: the
// address or id of a person who belongs to it, or the id or slug of one of its
// organisations that the asking person sees. It fails with ErrNobody, and so it
// does for people of other tenants: nobody learns here who has an account.
func (s *Service) subjectOf(ctx context.Context, tenant iam.OrgID, to string) (subject, error) {
	to = strings.TrimSpace(to)
	q := s.DB.WithContext(ctx)
	email, err := iam.ParseEmail(to)
	if err != nil && strings.Contains(to, "@") {
		return subject{}, err
	}
	id, _ := iam.ParseUserID(to)
	var u struct{ ID, Name string }
	err = q.Raw(`SELECT u.id, u.name FROM users u WHERE (u.id = ? OR u.email = ?) AND (u.home_org_id IN (SELECT id FROM orgs WHERE tenant_id = ?) OR EXISTS (
SELECT 1 FROM assignments a WHERE a.subject_id = u.id AND a.tenant_id = ? AND a.source NOT IN ('share', 'deputy') AND a.status = 'active' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?)))`,
		string(id), string(email), string(tenant), string(tenant), iam.Micros(s.Now())).Scan(&u).Error
	if err != nil {
		return subject{}, fmt.Errorf("find a person: %w", err)
	}
	if u.ID != "" {
		return subject{kind: policies.Person, id: iam.UserID(u.ID), name: u.Name}, nil
	}
	var row orgRow
	err = q.Where("tenant_id = ? AND (id = ? OR slug = ?)", string(tenant), to, strings.ToLower(to)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !s.Decider.May(ctx, policies.ReadOrg, iam.OrgID(row.ID)) {
		return subject{}, ErrNobody
	}
	if err != nil {
		return subject{}, fmt.Errorf("find an organisation: %w", err)
	}
	return subject{policies.Team, iam.UserID(row.ID), row.Name, row.org()}, nil
}

// acquainted finds whoever has an address and is known in a tenant already: he
// belongs to it or holds something there, be it shared or lent. For somebody who
// may let people in from elsewhere. It fails with ErrNobody for everybody else,
// with an account or without: he gets an invitation, and nobody learns which.
func (s *Service) acquainted(ctx context.Context, tenant iam.OrgID, address string) (subject, error) {
	email, err := iam.ParseEmail(address)
	if err != nil {
		return subject{}, err
	}
	var u struct{ ID, Name string }
	err = s.DB.WithContext(ctx).Raw(`SELECT u.id, u.name FROM users u WHERE u.email = ? AND (u.home_org_id IN (SELECT id FROM orgs WHERE tenant_id = ?) OR EXISTS (
SELECT 1 FROM assignments a WHERE a.subject_id = u.id AND a.tenant_id = ? AND a.status = 'active' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?)))`,
		string(email), string(tenant), string(tenant), iam.Micros(s.Now())).Scan(&u).Error
	if err != nil {
		return subject{}, fmt.Errorf("find a person: %w", err)
	}
	if u.ID == "" {
		return subject{}, ErrNobody
	}
	return subject{kind: policies.Person, id: iam.UserID(u.ID), name: u.Name}, nil
}

// TenantNamed finds a tenant by its slug or id, for somebody who wants to share
// with it or sell to it: no list of tenants is shown to anybody, but who knows
// one's name can offer something to it. It fails with ErrNobody.
func (s *Service) TenantNamed(ctx context.Context, to string) (Org, error) {
	to = strings.ToLower(strings.TrimSpace(to))
	var row orgRow
	err := s.DB.WithContext(ctx).Where("kind = 'tenant' AND id IN (SELECT ? UNION ALL SELECT id FROM orgs WHERE kind = 'tenant' AND slug = ?)", to, to).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Org{}, ErrNobody
	}
	if err != nil {
		return Org{}, fmt.Errorf("find a tenant: %w", err)
	}
	return row.org(), nil
}

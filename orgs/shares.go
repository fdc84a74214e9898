package orgs

import (
	"context"
	"fmt"
	"time"

	"halfkey/iam"
	"halfkey/policies"
)

// Sharing is a share as either side sees it.
type Sharing struct {
	ID         iam.AssignmentID
	Org        iam.OrgID // what is shared, or where the device lies
	OrgName    string
	Tenant     iam.OrgID // whose it is
	TenantName string
	Device     iam.DeviceID // that one alone; "" for the whole place
	DeviceName string
	To         policies.SubjectType // Person or Team
	Subject    iam.UserID
	Name       string // of the person or organisation
	Role       policies.Role
	Until      time.Time
	Waiting    bool // for the other organisation's word
	By         iam.UserID
	ByName     string
	Reason     string
	CreatedAt  time.Time
}

const selectShares = `SELECT a.id, a.org_id, o.name AS org_name, a.tenant_id, t.name AS tenant_name, COALESCE(a.device_id, '') AS device_id, COALESCE(d.name, '') AS device_name,
 a.subject_type, a.subject_id, COALESCE(u.name, w.name, '') AS name, a.role, a.valid_to, a.status, a.granted_by, COALESCE(g.name, '') AS by_name, a.reason, a.created_at
FROM assignments a JOIN orgs o ON o.id = a.org_id JOIN orgs t ON t.id = a.tenant_id LEFT JOIN devices d ON d.id = a.device_id
LEFT JOIN users u ON u.id = a.subject_id LEFT JOIN orgs w ON w.id = a.subject_id LEFT JOIN users g ON g.id = a.granted_by
WHERE a.source = 'share' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?) AND `

type shareRow struct {
	ID, OrgID, OrgName, TenantID, TenantName, DeviceID, DeviceName string
	SubjectType, SubjectID, Name, Role, Status                     string
	ValidTo                                                        *int64
	GrantedBy, ByName, Reason                                      string
	CreatedAt                                                      int64
}

func (r shareRow) sharing() Sharing {
	return Sharing{iam.AssignmentID(r.ID), iam.OrgID(r.OrgID), r.OrgName, iam.OrgID(r.TenantID), r.TenantName, iam.DeviceID(r.DeviceID), r.DeviceName,
		policies.SubjectType(r.SubjectType), iam.UserID(r.SubjectID), r.Name, policies.Role(r.Role), iam.TimeOrZero(r.ValidTo), r.Status != "active",
		iam.UserID(r.GrantedBy), r.ByName, r.Reason, iam.Time(r.CreatedAt)}
}

// sharesMost bounds a list of shares.
const sharesMost = 500

// Shares lists what is shared by places where the person who acts in ctx may
// share, and what is shared with him or with organisations in which he may read
// people, the newest first.
func (s *Service) Shares(ctx context.Context) (byMe, withMe []Sharing, err error) {
	scope, err := s.Decider.Scope(ctx, policies.Share)
	if err != nil {
		return nil, nil, err
	}
	if !scope.Empty() {
		if byMe, err = s.shares(ctx, scope, "a.org_id", "o.tenant_id", "%s"); err != nil {
			return nil, nil, err
		}
	}
	scope, err = s.Decider.Scope(ctx, policies.ReadPeople)
	if err != nil {
		return nil, nil, err
	}
	withMe, err = s.shares(ctx, scope, "r.id", "r.tenant_id",
		`a.id IN (SELECT m.id FROM orgs r JOIN assignments m ON m.subject_id = r.id AND m.subject_type = 'org' WHERE %s
UNION ALL SELECT id FROM assignments WHERE subject_id = ? AND subject_type = 'user')`, string(asking(ctx)))
	return byMe, withMe, err
}

// shares reads those that fit, where %s is the scope by these columns.
func (s *Service) shares(ctx context.Context, scope policies.Scope, org, tenant, fit string, more ...any) ([]Sharing, error) {
	where, args := scope.SQL(org, tenant)
	if where == "" {
		where = "1 = 1"
	}
	args = append(append([]any{iam.Micros(s.Now())}, args...), more...)
	var rows []shareRow
	err := s.DB.WithContext(ctx).Raw(selectShares+fmt.Sprintf(fit, where)+" ORDER BY a.created_at DESC, a.id DESC LIMIT ?", append(args, sharesMost)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list shares: %w", err)
	}
	all := make([]Sharing, len(rows))
	for i, r := range rows {
		all[i] = r.sharing()
	}
	return all, nil
}

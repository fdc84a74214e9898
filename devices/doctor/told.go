package doctor

import (
	"context"
	"fmt"
	"time"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// What can be wrong with what is told and kept.
const (
	WebhookDead Code = "webhook"       // it took nothing for a day, and calls were given up; Cause is the last answer
	TrailBroken Code = "trail"         // the chain does not hold; Count is the line, Cause what is wrong
	TrailOld    Code = "trail-unknown" // nobody has looked at it for long
)

// trailLife is how long an old look at the trail is good enough.
const trailLife = 90 * 24 * time.Hour

// A Hook is a webhook that took nothing of late, and gave up calls. What they say
// is not told.
type Hook struct {
	ID     string
	Org    iam.OrgID
	Place  string
	Host   string
	Count  int    // calls that were given up
	Answer string // the last
	Since  int64  // when the oldest of them was put in
}

// Hooks are those that took nothing of late, of all that the actor may manage.
func (s *Service) Hooks(ctx context.Context) ([]Hook, error) { return s.hooks(ctx, "") }

func (s *Service) hooks(ctx context.Context, org iam.OrgID) (list []Hook, err error) {
	q, err := s.seen(ctx, s.db(ctx).Table("webhooks AS h").Joins("JOIN orgs o ON o.id = h.org_id"), policies.ManageOrg, org, "h.org_id", "h.tenant_id")
	if err != nil {
		return nil, err
	}
	err = q.Where(`h.removed_at IS NULL AND EXISTS (SELECT 1 FROM webhook_calls f WHERE f.webhook_id = h.id AND f.state = 'failed')
AND NOT EXISTS (SELECT 1 FROM webhook_calls s WHERE s.webhook_id = h.id AND s.state = 'sent' AND s.tried_at > (SELECT MAX(f.tried_at) FROM webhook_calls f WHERE f.webhook_id = h.id AND f.state = 'failed'))`).
		Select(`h.id, h.org_id AS org, o.name AS place, h.host, (SELECT COUNT(*) FROM webhook_calls f WHERE f.webhook_id = h.id AND f.state = 'failed') AS count,
(SELECT MIN(f.created_at) FROM webhook_calls f WHERE f.webhook_id = h.id AND f.state = 'failed') AS since,
(SELECT f.answer FROM webhook_calls f WHERE f.webhook_id = h.id AND f.state = 'failed' ORDER BY f.tried_at DESC LIMIT 1) AS answer`).
		Order("h.id").Limit(findingsMost).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("look at webhooks: %w", err)
	}
	return list, nil
}

// webhooks tells of those whose calls were given up, to who may manage them and
// to who looks after the installation.
func (s *Service) webhooks(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	list, err := s.hooks(ctx, org)
	for _, h := range list {
		all = append(all, Finding{Code: WebhookDead, Weight: Broken, Org: h.Org, Place: h.Place, Subject: h.ID, Name: h.Host, Count: h.Count, Cause: h.Answer, Since: iam.Time(h.Since)})
	}
	return all, err
}

// trail tells what the last look at each tenant's chain found.
func (s *Service) trail(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	q, err := s.seen(ctx, s.db(ctx).Table("audit_checks AS k").Joins("JOIN orgs o ON o.id = k.tenant_id"), policies.ReadAudit, "", "k.tenant_id", "k.tenant_id")
	if err != nil {
		return nil, err
	}
	if org != "" {
		tenant, err := s.Decider.TenantOf(ctx, org)
		if err != nil {
			return nil, err
		}
		q = q.Where("k.tenant_id = ?", tenant)
		if all, err = s.unlooked(ctx, tenant); err != nil {
			return nil, err
		}
	}
	var rows []struct {
		TenantID iam.OrgID
		Name     string
		BadSeq   int
		What     string
		EndedAt  *int64
	}
	err = q.Where("k.state = ?", audit.Broken).Select("k.tenant_id, o.name, k.bad_seq, k.what, k.ended_at").Order("k.tenant_id").Limit(findingsMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look at the trail: %w", err)
	}
	for _, r := range rows {
		all = append(all, Finding{Code: TrailBroken, Weight: Broken, Org: r.TenantID, Place: r.Name, Subject: string(r.TenantID), Count: r.BadSeq, Cause: r.What, Since: iam.TimeOrZero(r.EndedAt)})
	}
	return all, nil
}

// unlooked tells of a trail that has grown old without anybody's looking whether
// it holds.
func (s *Service) unlooked(ctx context.Context, tenant iam.OrgID) ([]Finding, error) {
	if !s.Decider.May(ctx, policies.ReadAudit, tenant) {
		return nil, nil
	}
	old := iam.Micros(s.Now().Add(-trailLife))
	var row struct {
		Name    string
		First   *int64
		EndedAt *int64
	}
	err := s.db(ctx).Raw(`SELECT o.name, (SELECT at FROM audit WHERE tenant_id = o.id AND seq = 1) AS first, (SELECT ended_at FROM audit_checks WHERE tenant_id = o.id) AS ended_at
FROM orgs o WHERE o.id = ?`, tenant).Scan(&row).Error
	if err != nil {
		return nil, fmt.Errorf("look at the trail: %w", err)
	}
	if row.First == nil || *row.First > old || row.EndedAt != nil && *row.EndedAt > old {
		return nil, nil
	}
	return []Finding{{Code: TrailOld, Weight: Waits, Org: tenant, Place: row.Name, Subject: string(tenant), Since: iam.TimeOrZero(row.EndedAt)}}, nil
}

package orgs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/notify"
	"halfkey/policies"
)

// ReviewRequest is what is to be asked.
type ReviewRequest struct {
	Org       iam.OrgID
	Kind      string // OwnReview or Campaign
	Name      string
	Roles     []policies.Role // of a campaign: these alone; empty for all
	Undecided string          // Keep unless it is Stop
	Due       time.Time       // of a campaign
}

// letterReview tells a person that a review waits for him.
const letterReview = "review-asked"

// Start takes down everything that is held in a place and below it, and asks. It
// asks for ReviewAccess. Field names: name, due, roles. An owner who has a
// review of his own open is led back to it. What a campaign ends when its time is
// over it ends with all that its maker may: none that does so is begun by a token
// that was cut to less.
func (r Reviews) Start(ctx context.Context, q ReviewRequest) (ReviewID, error) {
	s := r.Orgs
	if err := s.Decider.Require(ctx, policies.ReviewAccess, q.Org); err != nil {
		return "", err
	}
	if further, err := s.Decider.Below(ctx, policies.ReviewAccess, q.Org); err != nil || !further {
		return "", either(err, error(policies.ErrRefused)) // it looks at all that lies below
	}
	o, err := findOrg(s.DB.WithContext(ctx), q.Org)
	if err != nil {
		return "", err
	}
	now := s.Now()
	row := reviewRow{ID: ReviewID(iam.NewID()), TenantID: o.Tenant, OrgID: o.ID, Kind: OwnReview, Undecided: Keep, MadeBy: asking(ctx), MadeAt: iam.Micros(now)}
	if q.Kind == Campaign {
		if q.Undecided == Stop && !policies.Whole(ctx) {
			return "", ErrReviewCut
		}
		if err := row.campaign(q, now); err != nil {
			return "", err
		}
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if row.Kind == OwnReview {
			var open []ReviewID
			err := tx.Model(&reviewRow{}).Where("org_id = ? AND kind = ? AND made_by = ? AND closed_at IS NULL", string(o.ID), OwnReview, string(row.MadeBy)).Pluck("id", &open).Error
			if err != nil || len(open) > 0 {
				row.ID = append(open, row.ID)[0]
				return err
			}
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		items, err := r.gather(ctx, tx, row)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(items, 100) {
			if err := tx.Create(&some).Error; err != nil {
				return err
			}
		}
		if row.Kind == Campaign {
			if err := r.ask(ctx, tx, row); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, "review.start", reviewObject(row), audit.Detail{"kind": row.Kind, "name": row.Name, "roles": row.Roles, "items": len(items), "undecided": row.Undecided})
	})
	if err != nil {
		return "", fmt.Errorf("start a review: %w", err)
	}
	return row.ID, nil
}

func reviewObject(r reviewRow) audit.Object {
	return audit.Object{Tenant: string(r.TenantID), Org: string(r.OrgID), Type: "review", ID: string(r.ID)}
}

// campaign checks what its maker wants.
func (row *reviewRow) campaign(q ReviewRequest, now time.Time) error {
	var form iam.Form
	name, err := iam.ParseName(q.Name)
	form.Check("name", err)
	if q.Due.Before(now.Add(time.Hour)) || q.Due.After(now.AddDate(1, 0, 1)) {
		form.Check("due", ErrReviewDue)
	}
	for _, role := range q.Roles {
		_, err := policies.ParseRole(string(role))
		form.Check("roles", err)
		row.Roles = strings.TrimSpace(row.Roles + " " + string(role))
	}
	if q.Undecided == Stop {
		row.Undecided = Stop
	}
	row.Kind, row.Name, row.DueAt = Campaign, name, iam.MicrosOrNull(q.Due)
	return form.Err()
}

// What is held in the places of a review, one query for each sort of thing. The
// columns are those of an item.
var gathered = []string{
	`SELECT CASE WHEN a.source = 'share' OR a.device_id IS NOT NULL THEN 'share' WHEN a.delegated_from IS NOT NULL THEN 'deputy' ELSE 'role' END AS what, a.id AS ref, a.org_id, a.subject_type, a.subject_id,
 COALESCE(u.name, sv.name, t.name, '') AS subject_name, a.role, a.source, COALESCE(d.name, '') AS target, a.created_at AS since, a.valid_to AS until,
 (SELECT MAX(seen_at) FROM sessions WHERE user_id = a.subject_id) AS used_at
FROM assignments a LEFT JOIN users u ON u.id = a.subject_id LEFT JOIN service_accounts sv ON sv.id = a.subject_id LEFT JOIN orgs t ON t.id = a.subject_id LEFT JOIN devices d ON d.id = a.device_id
WHERE a.org_id IN (SELECT descendant FROM org_closure WHERE ancestor = @org) AND a.status <> 'ended' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > @now) AND a.subject_id <> @mine`,
	`SELECT 'invitation' AS what, i.id AS ref, i.org_id, 'user' AS subject_type, '' AS subject_id, i.email AS subject_name, i.role, 'invite' AS source, '' AS target, i.created_at AS since, i.expires_at AS until, NULL AS used_at
FROM invitations i WHERE i.org_id IN (SELECT descendant FROM org_closure WHERE ancestor = @org) AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > @now`,
	`SELECT 'token' AS what, k.id AS ref, s.org_id, 'service' AS subject_type, s.id AS subject_id, s.name AS subject_name, '' AS role, 'token' AS source, k.label AS target, k.created_at AS since, k.not_after AS until, k.used_at
FROM api_tokens k JOIN service_accounts s ON s.id = k.subject_id WHERE s.org_id IN (SELECT descendant FROM org_closure WHERE ancestor = @org) AND k.revoked_at IS NULL AND k.not_after > @now AND s.ended_at IS NULL`,
	`SELECT 'read-key' AS what, k.id AS ref, c.org_id, 'user' AS subject_type, k.user_id AS subject_id, u.name AS subject_name, '' AS role, 'read-key' AS source, COALESCE(d.name, c.name) AS target, k.created_at AS since, NULL AS until, k.used_at
FROM channel_keys k JOIN channels c ON c.id = k.channel_id JOIN users u ON u.id = k.user_id LEFT JOIN devices d ON d.channel_id = CAST(c.id AS TEXT)
WHERE k.kind = 'read' AND k.revoked_at IS NULL AND c.org_id IN (SELECT descendant FROM org_closure WHERE ancestor = @org) AND k.user_id <> @mine`,
}

// gather takes down what is held. An owner does not ask himself about himself.
func (r Reviews) gather(_ context.Context, tx *gorm.DB, row reviewRow) (all []itemRow, err error) {
	mine := ""
	if row.Kind == OwnReview {
		mine = string(row.MadeBy)
	}
	args := map[string]any{"org": string(row.OrgID), "now": row.MadeAt, "mine": mine}
	for n, query := range gathered {
		if n > 0 && row.Roles != "" {
			break // a campaign about roles asks about those who hold them
		}
		var some []itemRow
		if err := tx.Raw(query, args).Scan(&some).Error; err != nil {
			return nil, fmt.Errorf("gather what is held: %w", err)
		}
		for _, i := range some {
			if row.Roles != "" && !slices.Contains(strings.Fields(row.Roles), string(i.Role)) {
				continue
			}
			i.ID, i.ReviewID = ItemID(iam.NewID()), row.ID
			all = append(all, i)
		}
	}
	return all, nil
}

// ask tells everybody who has something to decide and has not done so.
func (r Reviews) ask(ctx context.Context, tx *gorm.DB, row reviewRow) error {
	var places []iam.OrgID
	if err := tx.Model(&itemRow{}).Where("review_id = ? AND decision = ''", string(row.ID)).Distinct("org_id").Limit(1000).Pluck("org_id", &places).Error; err != nil {
		return err
	}
	var people []string
	for _, place := range places {
		holders, err := r.Orgs.Decider.WhoMay(ctx, tx, policies.ManagePeople, place, "")
		if err != nil {
			return err
		}
		for _, h := range holders {
			people = append(people, string(h.User))
		}
	}
	slices.Sort(people)
	return r.Orgs.Post.Tell(ctx, tx, slices.Compact(people), letterReview, notify.Data{"Name": row.Name, "Due": iam.TimeOrZero(row.DueAt).Format("2 Jan 2006")})
}

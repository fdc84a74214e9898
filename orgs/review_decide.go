package orgs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/notify"
	"halfkey/policies"
)

// Decide keeps or ends what an item is about. It asks for ManagePeople in the
// item's place; nobody decides about himself. Ending goes the way that it would
// go without a review, and fails as that does.
func (r Reviews) Decide(ctx context.Context, id ItemID, decision, reason string) error {
	if decision != Keep && decision != Stop {
		return ErrReviewDecide
	}
	s := r.Orgs
	var row itemRow
	err := s.DB.WithContext(ctx).Where("id = ?", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrNoReview
	}
	if err != nil {
		return fmt.Errorf("decide on %s: %w", id, err)
	}
	if err := s.Decider.Require(ctx, policies.ManagePeople, row.OrgID); err != nil {
		if errors.Is(err, policies.ErrHidden) {
			return ErrNoReview
		}
		return err
	}
	if row.SubjectID == asking(ctx) {
		return ErrReviewOneself
	}
	review, err := findReview(s.DB.WithContext(ctx), row.ReviewID)
	if err != nil {
		return err
	}
	if review.ClosedAt != nil {
		return ErrReviewClosed
	}
	return r.settle(ctx, review, row, decision, reason)
}

// settle ends what shall end, and writes the decision down.
func (r Reviews) settle(ctx context.Context, review reviewRow, row itemRow, decision, reason string) error {
	if decision == Stop && row.Decision != Stop {
		if err := r.end(ctx, row, reason); err != nil && !gone(err) {
			return err
		}
	}
	s := r.Orgs
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		who := audit.ActorFrom(ctx)
		if u, err := s.Users.Get(ctx, asking(ctx)); err == nil {
			who.Name = u.Name
		}
		res := tx.Model(&itemRow{}).Where("id = ? AND decision <> ?", string(row.ID), Stop).Updates(map[string]any{
			"decision": decision, "reason": reason, "decided_by": who.Name, "decided_at": iam.Micros(s.Now()), "failure": ""})
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		o := reviewObject(review)
		o.Org = string(row.OrgID)
		return audit.Record(ctx, tx, "review."+decision, o, audit.Detail{"item": row.What, "ref": row.Ref, "name": row.SubjectName, "role": string(row.Role), "reason": reason})
	})
}

// gone tells that what was to be ended has ended meanwhile.
func gone(err error) bool {
	f := fault.Of(err)
	return f.Kind == fault.NotFound || f.Kind == fault.Gone || f.Kind == fault.Conflict && f.Code != policies.ErrLastOwner.Code
}

// end takes away what an item is about.
func (r Reviews) end(ctx context.Context, row itemRow, reason string) error {
	if reason == "" {
		reason = "review"
	}
	s, w := r.Orgs, With{Reason: reason}
	switch row.What {
	case ItemShare:
		return s.EndShare(ctx, iam.AssignmentID(row.Ref), w)
	case ItemInvitation:
		return s.RevokeInvitation(ctx, iam.InvitationID(row.Ref))
	case ItemToken:
		return r.Machines.RevokeServiceToken(ctx, iam.ServiceID(row.SubjectID), iam.TokenID(row.Ref))
	case ItemReadKey:
		return r.endReadKey(ctx, row)
	}
	return s.EndRole(ctx, iam.AssignmentID(row.Ref), w)
}

// endReadKey asks for ManagePeople where the channel is now: a campaign ends it
// later than it was asked, perhaps for somebody who has gone.
func (r Reviews) endReadKey(ctx context.Context, row itemRow) error {
	s := r.Orgs
	var channel, tenant, org string
	err := s.DB.WithContext(ctx).Raw(`SELECT CAST(c.id AS TEXT), c.tenant_id, c.org_id FROM channel_keys k JOIN channels c ON c.id = k.channel_id
WHERE k.id = ? AND k.revoked_at IS NULL`, row.Ref).Row().Scan(&channel, &tenant, &org)
	if errors.Is(err, sql.ErrNoRows) {
		return policies.ErrHidden
	}
	if err != nil {
		return fmt.Errorf("find read key %s: %w", row.Ref, err)
	}
	err = s.Decider.Require(ctx, policies.ManagePeople, iam.OrgID(org))
	if errors.Is(err, policies.ErrHidden) {
		err = policies.ErrRefused // it is there still, and does not end
	}
	if err != nil {
		return err
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := r.Store.RevokeReadKey(ctx, tx, channel, iam.KeyID(row.Ref)); err != nil {
			if errors.Is(err, connectors.ErrChannel) {
				return policies.ErrHidden
			}
			return err
		}
		return audit.Record(ctx, tx, "read-key.revoke", audit.Object{Tenant: tenant, Org: org, Type: "user", ID: string(row.SubjectID)}, audit.Detail{"channel": channel})
	})
}

// Close ends a review. What nobody has decided about is kept or ended, as the
// review says; what cannot be ended stays, and its item says why. It asks for
// ReviewAccess.
func (r Reviews) Close(ctx context.Context, id ReviewID) error {
	row, err := findReview(r.Orgs.DB.WithContext(ctx), id)
	if err != nil {
		return err
	}
	if err := r.Orgs.Decider.Require(ctx, policies.ReviewAccess, row.OrgID); err != nil {
		if errors.Is(err, policies.ErrHidden) {
			return ErrNoReview
		}
		return err
	}
	if row.ClosedAt != nil {
		return ErrReviewClosed
	}
	return r.close(ctx, row)
}

func (r Reviews) close(ctx context.Context, row reviewRow) error {
	s := r.Orgs
	var open []itemRow
	if err := s.DB.WithContext(ctx).Where("review_id = ? AND decision = ''", string(row.ID)).Order("id").Find(&open).Error; err != nil {
		return fmt.Errorf("close review %s: %w", row.ID, err)
	}
	for _, i := range open {
		err := r.settle(ctx, row, i, row.Undecided, "")
		if err == nil {
			continue
		}
		f := fault.Of(err)
		if f.Kind == fault.Unavailable || f.Kind == fault.Internal {
			return fmt.Errorf("close review %s: %w", row.ID, err)
		}
		if err := s.DB.WithContext(ctx).Model(&itemRow{}).Where("id = ?", string(i.ID)).Update("failure", f.Sentence).Error; err != nil {
			return err
		}
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Model(&reviewRow{}).Where("id = ? AND closed_at IS NULL", string(row.ID)).Update("closed_at", iam.Micros(s.Now()))
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		var n struct{ Kept, Ended, Failed int }
		err := tx.Raw(`SELECT COUNT(CASE WHEN decision = 'keep' THEN 1 END) AS kept, COUNT(CASE WHEN decision = 'end' THEN 1 END) AS ended,
COUNT(CASE WHEN failure <> '' THEN 1 END) AS failed FROM review_items WHERE review_id = ?`, string(row.ID)).Scan(&n).Error
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, "review.close", reviewObject(row), audit.Detail{"name": row.Name, "kept": n.Kept, "ended": n.Ended, "failed": n.Failed})
	})
}

const (
	remindBefore = 7 * 24 * time.Hour
	letterYearly = "review-yearly"
)

// Run reminds of campaigns that end within a week and closes those whose time is
// over, in their makers' names, and once a year asks owners to look through who
// may see their devices. It is called every few minutes, on one replica.
func (r Reviews) Run(ctx context.Context) error {
	s, now := r.Orgs, r.Orgs.Now()
	var due []reviewRow
	err := s.DB.WithContext(ctx).Where("closed_at IS NULL AND due_at IS NOT NULL AND due_at <= ?", iam.Micros(now.Add(remindBefore))).Order("due_at").Limit(100).Find(&due).Error
	if err != nil {
		return fmt.Errorf("look for reviews: %w", err)
	}
	var errs []error
	for _, row := range due {
		if *row.DueAt <= iam.Micros(now) {
			errs = append(errs, r.closeFor(ctx, row))
		} else if row.RemindedAt == nil {
			errs = append(errs, r.remind(ctx, row))
		}
	}
	return errors.Join(append(errs, r.yearly(ctx, now))...)
}

// closeFor closes a campaign with its maker's rights, as they are now.
func (r Reviews) closeFor(ctx context.Context, row reviewRow) error {
	maker, err := r.Orgs.Users.Get(ctx, row.MadeBy)
	if err != nil {
		return err
	}
	return r.close(audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(maker.ID), Name: "Halfkey", OnBehalf: maker.Name}), row)
}

func (r Reviews) remind(ctx context.Context, row reviewRow) error {
	return r.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Model(&reviewRow{}).Where("id = ?", string(row.ID)).Update("reminded_at", iam.Micros(r.Orgs.Now())).Error; err != nil {
			return err
		}
		return r.ask(ctx, tx, row)
	})
}

// yearlyDue finds owners of tenants that are older than a year and were not looked
// through for a year, and have not been told for a month.
const yearlyDue = `SELECT DISTINCT a.subject_id AS owner, o.id, o.name FROM assignments a JOIN orgs o ON o.id = a.org_id AND o.kind = 'tenant' AND o.state = 'active' JOIN users u ON u.id = a.subject_id AND u.state = 'active'
WHERE a.role = 'owner' AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND o.created_at < ?
AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.org_id = o.id AND (r.closed_at > ? OR r.closed_at IS NULL AND r.made_at > ?))
AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.user_id = a.subject_id AND n.kind = ? AND n.created_at > ?) LIMIT 200`

func (r Reviews) yearly(ctx context.Context, now time.Time) error {
	if r.Orgs.Post == nil || now.UTC().Hour() != 6 { // once a day is enough; who was told is not told again
		return nil
	}
	year, month := iam.Micros(now.AddDate(-1, 0, 0)), iam.Micros(now.AddDate(0, -1, 0))
	var owners []struct {
		Owner, Name string
		ID          iam.OrgID
	}
	if err := r.Orgs.DB.WithContext(ctx).Raw(yearlyDue, year, year, month, letterYearly, month).Scan(&owners).Error; err != nil {
		return fmt.Errorf("look for owners to remind: %w", err)
	}
	for _, o := range owners {
		err := r.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			return r.Orgs.Post.Tell(ctx, tx, []string{o.Owner}, letterYearly, notify.Data{"Org": o.Name})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

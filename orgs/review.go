package orgs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// Reviews asks who shall keep what he holds: an owner about his own places, once
// a year, or an administrator, who asks whoever manages people in each place.
type Reviews struct {
	Orgs     *Service
	Store    *channels.Store
	Machines Machines
}

// ReviewID names a review, ItemID one of its questions.
type (
	ReviewID string
	ItemID   string
)

// Kinds of reviews.
const (
	OwnReview = "own"      // the owner asks himself
	Campaign  = "campaign" // somebody asks the managers
)

// What is decided about an item, and what becomes of those that nobody decides.
const (
	Keep = "keep"
	Stop = "end"
)

// What can be wrong with a review.
var (
	ErrNoReview      = fault.New(fault.NotFound, "review-unknown", "There is no such review, or it does not ask you.")
	ErrReviewClosed  = fault.New(fault.Conflict, "review-closed", "This review is over.")
	ErrReviewDecide  = fault.New(fault.Unprocessable, "review-decision", "Choose whether it is kept or ended.")
	ErrReviewDue     = fault.New(fault.Unprocessable, "review-due", "The deadline has to lie between tomorrow and a year from now.")
	ErrReviewCut     = fault.New(fault.Refused, "review-cut", "A token that was cut begins no review that ends roles by itself. Sign in for that.")
	ErrReviewOneself = fault.New(fault.Refused, "review-oneself", "Somebody else has to decide about what you hold yourself.")
)

// Review is one round of questions.
type Review struct {
	ID        ReviewID
	Tenant    iam.OrgID
	Org       iam.OrgID
	OrgName   string
	Kind      string
	Name      string
	Roles     []policies.Role // of a campaign; empty for all
	Undecided string          // Keep or Stop
	MadeBy    iam.UserID
	Maker     string
	MadeAt    time.Time
	Due       time.Time // zero for no deadline
	Closed    time.Time // zero while it is open
	Items     int
	Decided   int
}

// Item is one thing that somebody holds.
type Item struct {
	ID       ItemID
	Review   ReviewID
	Org      iam.OrgID
	OrgName  string
	What     string // role, share, deputy, invitation, token, read-key
	Kind     policies.SubjectType
	Who      iam.UserID
	Name     string
	Role     policies.Role
	Target   string // a device's or channel's name, or Unnamed; a token's label; empty for the place
	Since    time.Time
	Until    time.Time
	Used     time.Time // when its holder was here last, or it was used last; zero: never seen
	Decision string    // "", Keep or Stop
	Reason   string
	Decider  string
	At       time.Time
	Failure  string // why it could not be ended

	ref string
}

// Unnamed stands for a device that whoever is asked may not know.
const Unnamed = "…"

// Kinds of items.
const (
	ItemRole       = "role"
	ItemShare      = "share"
	ItemDeputy     = "deputy"
	ItemInvitation = "invitation"
	ItemToken      = "token"
	ItemReadKey    = "read-key"
)

type reviewRow struct {
	ID         ReviewID   `gorm:"column:id;primaryKey"`
	TenantID   iam.OrgID  `gorm:"column:tenant_id"`
	OrgID      iam.OrgID  `gorm:"column:org_id"`
	Kind       string     `gorm:"column:kind"`
	Name       string     `gorm:"column:name"`
	Roles      string     `gorm:"column:roles"`
	Undecided  string     `gorm:"column:undecided"`
	MadeBy     iam.UserID `gorm:"column:made_by"`
	MadeAt     int64      `gorm:"column:made_at"`
	DueAt      *int64     `gorm:"column:due_at"`
	RemindedAt *int64     `gorm:"column:reminded_at"`
	ClosedAt   *int64     `gorm:"column:closed_at"`
}

func (reviewRow) TableName() string { return "reviews" }

type itemRow struct {
	ID          ItemID               `gorm:"column:id;primaryKey"`
	ReviewID    ReviewID             `gorm:"column:review_id"`
	OrgID       iam.OrgID            `gorm:"column:org_id"`
	What        string               `gorm:"column:what"`
	Ref         string               `gorm:"column:ref"`
	SubjectType policies.SubjectType `gorm:"column:subject_type"`
	SubjectID   iam.UserID           `gorm:"column:subject_id"`
	SubjectName string               `gorm:"column:subject_name"`
	Role        policies.Role        `gorm:"column:role"`
	Source      string               `gorm:"column:source"`
	Target      string               `gorm:"column:target"`
	Since       int64                `gorm:"column:since"`
	Until       *int64               `gorm:"column:until"`
	UsedAt      *int64               `gorm:"column:used_at"`
	Decision    string               `gorm:"column:decision"`
	Reason      string               `gorm:"column:reason"`
	DecidedBy   string               `gorm:"column:decided_by"`
	DecidedAt   *int64               `gorm:"column:decided_at"`
	Failure     string               `gorm:"column:failure"`
}

func (itemRow) TableName() string { return "review_items" }

func (r itemRow) item() Item {
	return Item{ID: r.ID, Review: r.ReviewID, Org: r.OrgID, What: r.What, Kind: r.SubjectType, Who: r.SubjectID, Name: r.SubjectName, Role: r.Role, Target: r.Target,
		Since: iam.Time(r.Since), Until: iam.TimeOrZero(r.Until), Used: iam.TimeOrZero(r.UsedAt), Decision: r.Decision, Reason: r.Reason, Decider: r.DecidedBy,
		At: iam.TimeOrZero(r.DecidedAt), Failure: r.Failure, ref: r.Ref}
}

func (r reviewRow) review() Review {
	v := Review{ID: r.ID, Tenant: r.TenantID, Org: r.OrgID, Kind: r.Kind, Name: r.Name, Undecided: r.Undecided, MadeBy: r.MadeBy,
		MadeAt: iam.Time(r.MadeAt), Due: iam.TimeOrZero(r.DueAt), Closed: iam.TimeOrZero(r.ClosedAt)}
	for role := range strings.FieldsSeq(r.Roles) {
		v.Roles = append(v.Roles, policies.Role(role))
	}
	return v
}

func findReview(q *gorm.DB, id ReviewID) (r reviewRow, err error) {
	err = q.Where("id = ?", string(id)).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, ErrNoReview
	}
	return r, err
}

// reviewNames say who made reviews and where, and how far each is.
const reviewNames = `SELECT v.id, o.name, u.name, (SELECT COUNT(*) FROM review_items WHERE review_id = v.id),
(SELECT COUNT(*) FROM review_items WHERE review_id = v.id AND decision <> '')
FROM reviews v JOIN orgs o ON o.id = v.org_id JOIN users u ON u.id = v.made_by WHERE v.id IN ?`

// names fills in who and where.
func (r Reviews) names(ctx context.Context, all []Review) error {
	at, ids := map[ReviewID]*Review{}, make([]string, len(all))
	for i := range all {
		at[all[i].ID], ids[i] = &all[i], string(all[i].ID)
	}
	rows, err := r.Orgs.DB.WithContext(ctx).Raw(reviewNames, ids).Rows()
	if err != nil {
		return fmt.Errorf("name reviews: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n Review
		if err := rows.Scan(&n.ID, &n.OrgName, &n.Maker, &n.Items, &n.Decided); err != nil {
			return fmt.Errorf("name reviews: %w", err)
		}
		v := at[n.ID]
		v.OrgName, v.Maker, v.Items, v.Decided = n.OrgName, n.Maker, n.Items, n.Decided
	}
	return rows.Err()
}

// List gives the newest reviews of the tenant that the person who acts runs, or
// that ask him something.
func (r Reviews) List(ctx context.Context, tenant iam.OrgID) ([]Review, error) {
	var rows []reviewRow
	if err := r.Orgs.DB.WithContext(ctx).Where("tenant_id = ?", string(tenant)).Order("id DESC").Limit(50).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list reviews: %w", err)
	}
	var all []Review
	for _, row := range rows {
		asked, err := r.asks(ctx, row)
		if err != nil {
			return nil, err
		}
		if asked {
			all = append(all, row.review())
		}
	}
	return all, r.names(ctx, all)
}

// Get is a review with the items that the person who acts may see: all for who
// runs it, else those of places where he manages people. It fails with ErrNoReview.
func (r Reviews) Get(ctx context.Context, id ReviewID) (Review, []Item, error) {
	row, err := findReview(r.Orgs.DB.WithContext(ctx), id)
	if err != nil {
		return Review{}, nil, err
	}
	items, err := r.items(ctx, row)
	if err != nil {
		return Review{}, nil, err
	}
	if len(items) == 0 && !r.Orgs.Decider.May(ctx, policies.ReviewAccess, row.OrgID) {
		return Review{}, nil, ErrNoReview
	}
	one := []Review{row.review()}
	err = r.names(ctx, one)
	return one[0], items, err
}

// itemsMost bounds a review's page.
const itemsMost = 2000

// seen are those items of a review that the person who acts may see; nil for none.
func (r Reviews) seen(ctx context.Context, row reviewRow) (*gorm.DB, error) {
	q := r.Orgs.DB.WithContext(ctx).Where("review_id = ?", string(row.ID))
	if r.Orgs.Decider.May(ctx, policies.ReviewAccess, row.OrgID) {
		return q, nil
	}
	scope, err := r.Orgs.Decider.Scope(ctx, policies.ManagePeople)
	if err != nil || scope.Empty() {
		return nil, err
	}
	if where, args := scope.SQL("o.id", "o.tenant_id"); where != "" {
		q = q.Where("org_id IN (SELECT o.id FROM orgs o WHERE "+where+")", args...)
	}
	return q, nil
}

// asks tells whether the person who acts runs a review, or is asked something by it.
func (r Reviews) asks(ctx context.Context, row reviewRow) (bool, error) {
	if r.Orgs.Decider.May(ctx, policies.ReviewAccess, row.OrgID) {
		return true, nil
	}
	q, err := r.seen(ctx, row)
	if err != nil || q == nil {
		return false, err
	}
	var some []itemRow
	if err := q.Select("id").Limit(1).Find(&some).Error; err != nil {
		return false, fmt.Errorf("look whom a review asks: %w", err)
	}
	return len(some) > 0, nil
}

func (r Reviews) items(ctx context.Context, row reviewRow) ([]Item, error) {
	q, err := r.seen(ctx, row)
	if err != nil || q == nil {
		return nil, err
	}
	var rows []itemRow
	if err := q.Order("org_id, subject_name, id").Limit(itemsMost).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read a review's items: %w", err)
	}
	names := map[iam.OrgID]string{}
	var ids []string
	for _, i := range rows {
		ids = append(ids, string(i.OrgID))
	}
	var places []orgRow
	if err := r.Orgs.DB.WithContext(ctx).Where("id IN ?", slices.Compact(ids)).Find(&places).Error; err != nil {
		return nil, fmt.Errorf("read a review's places: %w", err)
	}
	for _, o := range places {
		names[iam.OrgID(o.ID)] = o.Name
	}
	all := make([]Item, len(rows))
	for i, row := range rows {
		all[i] = row.item()
		all[i].OrgName = names[row.OrgID]
	}
	return all, r.unname(ctx, all)
}

// unname takes away the names of devices that the person who acts does not see:
// who manages the people of a private place does not look into it.
func (r Reviews) unname(ctx context.Context, all []Item) error {
	sees, err := r.Orgs.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Target != "" && all[i].What != ItemToken && !sees.Has(all[i].Org) {
			all[i].Target = Unnamed
		}
	}
	return nil
}

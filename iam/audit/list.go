package audit

import (
	"context"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// ErrFilter says that what was asked for cannot be understood.
var ErrFilter = fault.New(fault.Unprocessable, "trail-filter", "That filter cannot be understood.")

// Filter says which lines to list. Empty fields let everything through, but
// Tenant always counts, and so does an Orgs that is empty and not nil: nothing.
type Filter struct {
	Tenant   string    `json:"tenant"`
	Orgs     []string  `json:"orgs,omitempty"` // nil: the whole tenant
	Verb     string    `json:"verb,omitempty"`
	ActorID  string    `json:"actor,omitempty"`
	ObjectID string    `json:"object,omitempty"`
	Door     string    `json:"door,omitempty"`
	Outcome  string    `json:"outcome,omitempty"`
	From     time.Time `json:"from,omitzero"` // written at or after
	To       time.Time `json:"to,omitzero"`   // written before
	Before   int64     `json:"-"`             // lines older than this Seq; zero starts at the newest
	Limit    int       `json:"-"`             // 50 unless said otherwise, at most 1000
}

// cut puts the filter's conditions on q, but for those on Seq.
func (f Filter) cut(q *gorm.DB) *gorm.DB {
	q = q.Where("tenant_id = ?", f.Tenant)
	if f.Orgs != nil {
		q = q.Where("org_id IN ?", f.Orgs)
	}
	for _, c := range []struct{ where, want string }{
		{"verb = ?", f.Verb}, {"actor_id = ?", f.ActorID}, {"object_id = ?", f.ObjectID}, {"door = ?", f.Door}, {"outcome = ?", f.Outcome},
	} {
		if c.want != "" {
			q = q.Where(c.where, c.want)
		}
	}
	if !f.From.IsZero() {
		q = q.Where("at >= ?", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		q = q.Where("at < ?", f.To.UnixMicro())
	}
	return q
}

// List gives the newest lines first. The next page has the last line's Seq as Before.
func List(ctx context.Context, db *gorm.DB, f Filter) ([]Entry, error) {
	page, err := Search(ctx, db, f)
	return page.Lines, err
}

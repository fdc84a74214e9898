package audit

import (
	"context"

	"gorm.io/gorm"
)

// Filter says which lines to list. Empty fields let everything through, but
// Tenant always counts, and so does an Orgs that is empty and not nil: nothing.
type Filter struct {
	Tenant   string
	Orgs     []string // nil: the whole tenant
	Verb     string
	ActorID  string
	ObjectID string
	Outcome  string
	Before   int64 // lines older than this Seq; zero starts at the newest
	Limit    int   // 50 unless said otherwise, at most 1000
}

// List gives the newest lines first. The next page has the last line's Seq as Before.
func List(ctx context.Context, db *gorm.DB, f Filter) ([]Entry, error) {
	q := db.WithContext(ctx).Where("tenant_id = ?", f.Tenant)
	if f.Orgs != nil {
		q = q.Where("org_id IN ?", f.Orgs)
	}
	for column, want := range map[string]string{"verb": f.Verb, "actor_id": f.ActorID, "object_id": f.ObjectID, "outcome": f.Outcome} {
		if want != "" {
			q = q.Where(column+" = ?", want)
		}
	}
	if f.Before > 0 {
		q = q.Where("seq < ?", f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	var page []Entry
	err := q.Order("seq DESC").Limit(min(f.Limit, 1000)).Find(&page).Error
	return page, err
}

package devices

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// A Filter says which devices to list. Empty fields let everything through
// that the actor may see; removed devices are listed when State asks for them.
type Filter struct {
	Org   iam.OrgID // this organisation and those below it
	Text  string    // how the serial or the name begins; the name in any case
	State State
	Key   iam.KeyID    // boarded with it last, and still in its organisation
	After iam.DeviceID // the last one of the page before
	Limit int          // 20 unless said otherwise, at most 200
}

// CountMost is where Count stops: what is beyond is shown as 1000+.
const CountMost = 1000

// List gives one page, newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]View, error) {
	q, err := s.filtered(ctx, f)
	if err != nil || q == nil {
		return nil, err
	}
	if f.After != "" {
		q = q.Where("id < ?", f.After)
	}
	if f.Limit <= 0 {
		f.Limit = 20
	}
	page, err := viewRows(q.Order("id DESC").Limit(min(f.Limit, 200)))
	if err != nil {
		return nil, err
	}
	return s.views(ctx, page)
}

// Count is how many List would give over all pages; beyond CountMost it is
// CountMost+1.
func (s *Service) Count(ctx context.Context, f Filter) (int, error) {
	q, err := s.filtered(ctx, f)
	if err != nil || q == nil {
		return 0, err
	}
	var n int64
	err = s.DB.WithContext(ctx).Table("(?) AS first_ones", q.Select("1 AS one").Limit(CountMost+1)).Count(&n).Error
	return int(n), err
}

// filtered is nil when the actor may see nothing at all.
func (s *Service) filtered(ctx context.Context, f Filter) (*gorm.DB, error) {
	scope, err := s.Decider.Scope(ctx, policies.ReadDevice)
	if err != nil || scope.Empty() {
		return nil, err
	}
	q := s.DB.WithContext(ctx).Table("devices")
	if f.State == Retired {
		q = q.Where("removed_at IS NOT NULL")
	} else {
		q = q.Where("removed_at IS NULL")
	}
	if f.State == Active || f.State == Suspended {
		q = q.Where("state = ?", f.State)
	}
	if f.Org != "" {
		q = q.Where("org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", f.Org)
	}
	if f.Key != "" { // its devices land in its organisation, so that index serves
		q = q.Where("key_id = ? AND org_id = (SELECT org_id FROM registration_keys WHERE id = ?)", f.Key, f.Key)
	}
	if text := strings.TrimSpace(f.Text); text != "" {
		begins := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
		q = q.Where(`serial LIKE ? ESCAPE '\' OR LOWER(name) LIKE LOWER(?) ESCAPE '\'`, begins, begins)
	}
	return scope.Filter(q, "org_id", "tenant_id"), nil
}

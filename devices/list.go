package devices

import (
	"context"
	"strings"

	"halfkey/iam"
	"halfkey/migrations"
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

// listed is what a list shows of a device; Get tells the rest. The rows are
// scanned by hand, since a page of them is read often.
const listed = "SELECT id, org_id, serial, name, kind, state, channel_id, boarded_at, sealed_at, removed_at FROM devices WHERE "

// List gives one page, newest first, with what a list shows; the rest of a View
// is left to Get.
func (s *Service) List(ctx context.Context, f Filter) ([]View, error) {
	scope, err := s.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil || scope.Empty() {
		return nil, err
	}
	w, err := s.filtered(ctx, f)
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = 20
	}
	f.Limit = min(f.Limit, 200)
	page, found, err := s.newest(ctx, w, f, scope)
	if err == nil && !found {
		page, err = s.page(ctx, w.within(scope).before(f.After), f.Limit)
	}
	if err != nil {
		return nil, err
	}
	return s.views(ctx, page)
}

// Count is how many List would give over all pages; beyond CountMost it is
// CountMost+1.
func (s *Service) Count(ctx context.Context, f Filter) (n int, err error) {
	scope, err := s.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil || scope.Empty() {
		return 0, err
	}
	w, err := s.filtered(ctx, f)
	if err != nil {
		return 0, err
	}
	w = w.within(scope)
	count := migrations.SQL("SELECT COUNT(*) FROM (SELECT 1 FROM devices WHERE " + w.sql + " LIMIT ?) AS first_ones")
	err = count.Row(ctx, s.DB, append(w.args, CountMost+1)...).Scan(&n)
	return n, err
}

func (s *Service) page(ctx context.Context, w where, limit int) (list []Device, err error) {
	rows, err := migrations.SQL(listed+w.sql+" ORDER BY id DESC LIMIT ?").Rows(ctx, s.DB, append(w.args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list = make([]Device, 0, limit)
	for rows.Next() {
		var d Device
		// Plain strings spare the driver reflection.
		err := rows.Scan((*string)(&d.ID), (*string)(&d.Org), &d.Serial, &d.Name, &d.Kind, (*string)(&d.State), &d.Channel, &d.BoardedAt, &d.SealedAt, &d.RemovedAt)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// filtered is the filter as a condition; what the actor may see is another.
func (s *Service) filtered(ctx context.Context, f Filter) (w where, err error) {
	if f.State == Retired {
		w.and("removed_at IS NOT NULL")
	} else {
		w.and("removed_at IS NULL")
	}
	if f.State == Active || f.State == Suspended || f.State == Announced {
		w.and("state = ?", string(f.State))
	}
	if f.Org != "" {
		tenant, err := s.Decider.TenantOf(ctx, f.Org)
		if err != nil {
			return w, err
		}
		if tenant == f.Org {
			w.and("tenant_id = ?", string(tenant)) // its index gives the page in order
		} else {
			w.and("org_id IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", string(f.Org))
		}
	}
	if f.Key != "" {
		w.and("key_id = ?", string(f.Key))
	}
	if text := strings.TrimSpace(f.Text); text != "" {
		begins := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
		w.and(`(serial LIKE ? ESCAPE '\' OR LOWER(name) LIKE LOWER(?) ESCAPE '\')`, begins, begins)
	}
	return w, nil
}

// where is a condition in the making.
type where struct {
	sql  string
	args []any
}

func (w *where) and(condition string, args ...any) {
	if w.sql != "" {
		condition = " AND " + condition
	}
	w.sql += condition
	w.args = append(w.args[:len(w.args):len(w.args)], args...)
}

// within cuts to what the actor may see, before to what comes after the page before.
func (w where) within(scope policies.Scope) where {
	if sql, args := scope.DeviceSQL("org_id", "tenant_id", "id"); sql != "" {
		w.and(sql, args...)
	}
	return w
}

func (w where) before(last iam.DeviceID) where {
	if last != "" {
		w.and("id < ?", string(last))
	}
	return w
}

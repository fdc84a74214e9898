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
	w, err := s.filtered(ctx, f)
	if err != nil || w == nil {
		return nil, err
	}
	if f.After != "" {
		w.and("id < ?", string(f.After))
	}
	if f.Limit <= 0 {
		f.Limit = 20
	}
	page, err := s.page(ctx, w, min(f.Limit, 200))
	if err != nil {
		return nil, err
	}
	return s.views(ctx, page)
}

// Count is how many List would give over all pages; beyond CountMost it is
// CountMost+1.
func (s *Service) Count(ctx context.Context, f Filter) (n int, err error) {
	w, err := s.filtered(ctx, f)
	if err != nil || w == nil {
		return 0, err
	}
	count := migrations.SQL("SELECT COUNT(*) FROM (SELECT 1 FROM devices WHERE " + w.String() + " LIMIT ?) AS first_ones")
	err = count.Row(ctx, s.DB, append(w.args, CountMost+1)...).Scan(&n)
	return n, err
}

func (s *Service) page(ctx context.Context, w *where, limit int) (list []Device, err error) {
	rows, err := migrations.SQL(listed+w.String()+" ORDER BY id DESC LIMIT ?").Rows(ctx, s.DB, append(w.args, limit)...)
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

// filtered is nil when the actor may see nothing at all.
func (s *Service) filtered(ctx context.Context, f Filter) (*where, error) {
	scope, err := s.Decider.Scope(ctx, policies.ReadDevice)
	if err != nil || scope.Empty() {
		return nil, err
	}
	w := &where{}
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
			return nil, err
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
	if sql, args := scope.SQL("org_id", "tenant_id"); sql != "" {
		w.and(sql, args...)
	}
	return w, nil
}

// where is a condition in the making.
type where struct {
	strings.Builder
	args []any
}

func (w *where) and(condition string, args ...any) {
	if w.Len() > 0 {
		w.WriteString(" AND ")
	}
	w.WriteString(condition)
	w.args = append(w.args, args...)
}

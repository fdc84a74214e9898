package policies

import (
	"context"
	"fmt"
	"hash/maphash"

	"halfkey/iam"
)

// From so many places on, a scope is wide: a list that the database cuts to it
// would look each of them up anew at every page.
const wideFrom = 64

// wideMost bounds how many places a wide scope spells out.
const wideMost = 50_000

// spelled is every place of a wide scope.
type spelled map[iam.OrgID]struct{}

var seed = maphash.MakeSeed()

// spell reads out the places of a wide scope, or remembers them: they hold for
// one version of rights and for the roles that are valid at this moment.
func (d *Decider) spell(ctx context.Context, version int64, s *Scope) error {
	if len(s.trees)+len(s.guarded)+len(s.singles) < wideFrom || s.all {
		return nil
	}
	var h maphash.Hash
	h.SetSeed(seed)
	for _, list := range [][]iam.OrgID{s.tenants, s.trees, s.guarded, s.singles, s.closed, s.barred, s.within} {
		for _, id := range list {
			h.WriteString(string(id))
		}
		h.WriteByte('|')
	}
	key := h.Sum64()
	if places, ok := d.wide.Get(key, version); ok {
		s.places = places
		return nil
	}
	sql, args := s.SQL("id", "tenant_id")
	rows, err := d.db.WithContext(ctx).Raw("SELECT id FROM orgs WHERE "+sql+" LIMIT ?", append(args, wideMost+1)...).Rows()
	if err != nil {
		return fmt.Errorf("spell out a scope: %w", err)
	}
	defer rows.Close()
	places := spelled{}
	for rows.Next() {
		var id iam.OrgID
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("spell out a scope: %w", err)
		}
		places[id] = struct{}{}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("spell out a scope: %w", err)
	}
	if len(places) > wideMost {
		places = nil
	}
	d.wide.Put(key, version, places)
	s.places = places
	return nil
}

// Wide tells whether a list had better look at the newest rows first, and ask Has
// or HasDevice about each: then nothing is asked of the database but the rows.
func (s Scope) Wide() bool { return s.places != nil }

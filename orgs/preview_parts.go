package orgs

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// nameable are those of the people that the asking person may know: himself, and
// who holds something where he may read people.
func (w *weighing) nameable(ctx context.Context, tx *gorm.DB, sight policies.Sight, keys []KeyChange) (map[iam.UserID]bool, error) {
	people := map[iam.UserID]bool{}
	for who := range sight {
		people[who] = true
	}
	for _, k := range keys {
		people[k.Holder] = true
	}
	known := map[iam.UserID]bool{asking(ctx): true}
	if w.knows.Empty() {
		return known, nil
	}
	for some := range slices.Chunk(keysOf(people), peopleAtOnce) {
		var found []iam.UserID
		q := w.knows.Filter(tx.Table("assignments").Distinct("subject_id").Where("subject_id IN ?", some), "org_id", "tenant_id")
		if err := q.Scan(&found).Error; err != nil {
			return nil, fmt.Errorf("see whom one may know: %w", err)
		}
		for _, who := range found {
			known[who] = true
		}
	}
	return known, nil
}

// near are those that are not known but were ever of a tenant that whoever asks is
// of, not just let into.
func near(ctx context.Context, tx *gorm.DB, known map[iam.UserID]bool, sights ...policies.Sight) (map[iam.UserID]bool, error) {
	people, near := map[iam.UserID]bool{}, map[iam.UserID]bool{}
	for _, sight := range sights {
		for who := range sight {
			if !known[who] {
				people[who] = true
			}
		}
	}
	for some := range slices.Chunk(keysOf(people), peopleAtOnce) {
		var found []iam.UserID
		err := tx.Raw(`SELECT DISTINCT subject_id FROM assignments WHERE subject_id IN ? AND tenant_id IN
(SELECT tenant_id FROM assignments WHERE subject_id = ? AND ended_at IS NULL AND source <> 'share')`, some, string(asking(ctx))).Scan(&found).Error
		if err != nil {
			return nil, fmt.Errorf("see who is of one's own tenant: %w", err)
		}
		for _, who := range found {
			near[who] = true
		}
	}
	return near, nil
}

// cuts counts what those who lose sight have open.
func (w *weighing) cuts(tx *gorm.DB, p *Preview) error {
	var losers []iam.UserID
	names := map[iam.UserID]string{}
	for _, c := range p.Changes {
		if !c.Gains {
			losers, names[c.User] = append(losers, c.User), c.Person
		}
	}
	if len(losers) == 0 {
		return nil
	}
	now := iam.Micros(w.s.Now())
	var open []struct {
		Who              iam.UserID
		Sessions, Tokens int
	}
	err := tx.Raw(`SELECT who, SUM(s) AS sessions, SUM(t) AS tokens FROM (
SELECT user_id AS who, 1 AS s, 0 AS t FROM sessions WHERE user_id IN ? AND expires_at > ?
UNION ALL SELECT subject_id, 0, 1 FROM api_tokens WHERE subject_id IN ? AND revoked_at IS NULL AND not_after > ?) AS all_of_them GROUP BY who ORDER BY who`,
		losers, now, losers, now).Scan(&open).Error
	if err != nil {
		return fmt.Errorf("count what is open: %w", err)
	}
	for _, o := range open {
		p.Cuts = append(p.Cuts, Cut{o.Who, names[o.Who], o.Sessions, o.Tokens})
	}
	return nil
}

// keys names those who hold the keys, where they may be named. Keys of devices
// that the asking person does not see are counted.
func (w *weighing) keys(tx *gorm.DB, p *Preview, keys []KeyChange, known map[iam.UserID]bool) error {
	seen, err := w.seenOf(tx, keys)
	if err != nil {
		return err
	}
	all := len(keys)
	keys = slices.DeleteFunc(slices.Clone(keys), func(k KeyChange) bool { return k.ofDevice() && k.org != "" && !seen[k.opens()] })
	p.Hidden = all - len(keys)
	var people []iam.UserID
	for _, k := range keys {
		if known[k.Holder] {
			people = append(people, k.Holder)
		}
	}
	names := map[string]string{}
	for some := range slices.Chunk(people, peopleAtOnce) {
		var found []struct{ ID, Name string }
		if err := tx.Raw("SELECT id, name FROM users WHERE id IN ?", some).Scan(&found).Error; err != nil {
			return fmt.Errorf("name who holds keys: %w", err)
		}
		for _, f := range found {
			names[f.ID] = f.Name
		}
	}
	for i := range keys {
		if keys[i].Person = names[string(keys[i].Holder)]; keys[i].Person == "" {
			keys[i].Holder = ""
		}
	}
	p.Keys = keys
	return nil
}

// ofDevice tells whether the key opens a device or its channel.
func (k KeyChange) ofDevice() bool {
	return k.Kind == OwnReadKey || k.Kind == SharedReadKey || k.Kind == WriteKey
}

// opens is the device that a key opens, or the place of a channel that belongs to none.
func (k KeyChange) opens() string {
	if k.Device != "" {
		return string(k.Device)
	}
	return string(k.org)
}

// seenOf tells which of the devices that keys open, and which of the places of
// channels without a device, the asking person sees.
func (w *weighing) seenOf(tx *gorm.DB, keys []KeyChange) (map[string]bool, error) {
	seen := map[string]bool{}
	for _, t := range []struct{ table, org, id string }{{"devices", "org_id", "id"}, {"orgs", "id", "''"}} {
		q := "SELECT id FROM " + t.table + " WHERE id IN ?"
		where, args := w.sees.DeviceSQL(t.org, "tenant_id", t.id)
		if where != "" {
			q += " AND " + where
		}
		for some := range slices.Chunk(keys, peopleAtOnce) {
			var ids, found []string
			for _, k := range some {
				ids = append(ids, k.opens())
			}
			if err := tx.Raw(q, append([]any{ids}, args...)...).Scan(&found).Error; err != nil {
				return nil, fmt.Errorf("look which keys may be named: %w", err)
			}
			for _, id := range found {
				seen[id] = true
			}
		}
	}
	return seen, nil
}

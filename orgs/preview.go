package orgs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// Preview is what a deed would come to. It names nobody and nothing that the
// asking person may not know; those are counted, but people of organisations that
// are not his: how many these are is not his to know either.
type Preview struct {
	Changes []Change
	Keys    []KeyChange
	Cuts    []Cut
	Lose    int // people that the asking person may not know, who lose sight of something
	Gain    int // and who gain
	Outside Outside
	More    int  // changes beyond those listed
	Hidden  int  // keys of devices that the asking person may not know
	Partly  bool // more places than a preview looks at
}

// Outside says that people of organisations that are not the asking person's lose
// or gain sight.
type Outside struct{ Lose, Gain bool }

// Change is that somebody gains or loses sight.
type Change struct {
	User    iam.UserID
	Person  string
	Service bool            // a service account
	Gains   bool            // else loses
	What    policies.Action // ReadDevice: the values; SeeDevice: the names; ManageOrg: the running of it
	Places  []Named
	Devices []Named // a few of them, by name
	Count   int     // all devices

	spots []policies.Spot
}

// Named is a place, device or channel.
type Named struct {
	ID      string
	Name    string
	Channel string
}

// Cut is what somebody has open who loses sight, and what follows the change at once.
type Cut struct {
	User     iam.UserID
	Person   string
	Sessions int
	Tokens   int
}

// How much of each a preview lists.
const (
	changesMost = 50
	namesMost   = 6
)

// tell fills the preview, after the deed and before it is taken back.
func (w *weighing) tell(ctx context.Context, tx *gorm.DB, p *Preview, keys []KeyChange) error {
	after, err := w.see(ctx, tx, w.deed.Area.then())
	if err != nil {
		return err
	}
	known, err := w.nameable(ctx, tx, after, keys)
	if err != nil {
		return err
	}
	for who := range w.known {
		known[who] = true
	}
	if w.near, err = near(ctx, tx, known, w.saw, after); err != nil {
		return err
	}
	*p = Preview{Partly: w.more}
	if err := w.changes(tx, p, w.saw, after, known, false); err != nil {
		return err
	}
	if err := w.changes(tx, p, after, w.saw, known, true); err != nil {
		return err
	}
	if err := w.cuts(tx, p); err != nil {
		return err
	}
	return w.keys(tx, p, keys, known)
}

// changes lists what those who have more could do that those who have less cannot.
func (w *weighing) changes(tx *gorm.DB, p *Preview, more, less policies.Sight, known map[iam.UserID]bool, gains bool) error {
	var all []Change
	for who, seen := range more {
		what, spots := differs(who, seen, less, w.deed.Area)
		if len(spots) == 0 {
			continue
		}
		switch {
		case !known[who] && !w.near[who]:
			p.Outside.Gain, p.Outside.Lose = p.Outside.Gain || gains, p.Outside.Lose || !gains
		case !known[who] && gains:
			p.Gain++
		case !known[who]:
			p.Lose++
		default:
			all = append(all, Change{User: who, Person: seen.Name, Service: seen.Service, Gains: gains, What: what, spots: spots})
		}
	}
	slices.SortFunc(all, func(a, b Change) int { return strings.Compare(a.Person+string(a.User), b.Person+string(b.User)) })
	if len(all) > changesMost {
		p.More += len(all) - changesMost
		all = all[:changesMost]
	}
	for i := range all {
		if err := all[i].fill(tx, less[all[i].User], w.sees); err != nil {
			return err
		}
	}
	p.Changes = append(p.Changes, all...)
	return nil
}

// differs gives the weightiest act that differs, and where. A device that
// changes hands is one and the same, whatever it is called afterwards.
func differs(who iam.UserID, seen *policies.Seen, less policies.Sight, a Area) (policies.Action, []policies.Spot) {
	for _, act := range inSight {
		var spots []policies.Spot
		for at, may := range seen.At {
			has := less.May(who, act, at)
			if a.Device != "" {
				has = less.Anywhere(who, act)
			}
			if may.Has(act) && !has {
				spots = append(spots, at)
			}
		}
		if len(spots) > 0 {
			return act, spots
		}
	}
	return 0, nil
}

// fill finds out what the places and devices are called; still is what the
// person keeps, or has anyway, and sees where whoever asks sees devices: others
// are counted and not named.
func (c *Change) fill(tx *gorm.DB, still *policies.Seen, sees policies.Scope) error {
	var places, devices, kept []string
	for _, at := range c.spots {
		if at.Device != "" {
			devices = append(devices, string(at.Device))
		} else {
			places = append(places, string(at.Org))
		}
	}
	if still != nil {
		for at, may := range still.At {
			if at.Device != "" && may.Has(c.What) {
				kept = append(kept, string(at.Device))
			}
		}
	}
	some := func(ids []string) []string { return append(slices.Clip(ids[:min(len(ids), areaMost)]), "") } // never an empty list
	which := `(removed_at IS NULL AND org_id IN ? OR id IN ?) AND id NOT IN ?`
	args := []any{some(places), some(devices), some(kept)}
	if err := tx.Raw("SELECT COUNT(*) FROM devices WHERE "+which, args...).Scan(&c.Count).Error; err != nil {
		return fmt.Errorf("count what changes: %w", err)
	}
	named := which
	if where, more := sees.DeviceSQL("org_id", "tenant_id", "id"); where != "" {
		named, args = which+" AND "+where, append(args, more...)
	}
	if err := tx.Raw("SELECT id, name, channel_id AS channel FROM devices WHERE "+named+" ORDER BY name, id LIMIT ?", append(args, namesMost)...).Scan(&c.Devices).Error; err != nil {
		return fmt.Errorf("name what changes: %w", err)
	}
	if len(places) == 0 {
		return nil
	}
	err := tx.Raw("SELECT id, name FROM orgs WHERE id IN ? ORDER BY name, id LIMIT ?", some(places), namesMost).Scan(&c.Places).Error
	if err != nil {
		return fmt.Errorf("name what changes: %w", err)
	}
	return nil
}

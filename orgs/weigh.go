package orgs

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// asker is what whoever asks for a preview may know.
type asker struct {
	knows policies.Scope // people
	sees  policies.Scope // devices
}

// weighing compares what was with what a deed makes of it.
type weighing struct {
	s    *Service
	deed *Deed
	asker
	knew  []exposure     // keys and who knew them, before
	could policies.Sight // what those could do, before
	saw   policies.Sight // what everybody could do, before; nil where nobody asks
	known map[iam.UserID]bool
	near  map[iam.UserID]bool // not known, but of a tenant of the asking person's
	whole bool                // everybody's sight is wanted
	more  bool                // the area has more places than a preview looks at
}

// inSight are the acts that a preview compares, the weightiest first.
var inSight = []policies.Action{policies.ReadDevice, policies.SeeDevice, policies.ManageOrg}

// keyed are the acts that keep a key in somebody's hands.
var keyed = policies.ActionsOf(policies.RevealReadKey, policies.ReadDevice, policies.RevealRegistrationKey, policies.ManageConnector)

// weigh looks at what is, before the deed.
func (s *Service) weigh(ctx context.Context, tx *gorm.DB, d *Deed, a asker, rehearsing bool) (w *weighing, err error) {
	w = &weighing{s: s, deed: d, asker: a, whole: rehearsing}
	if !d.Gives {
		if w.knew, err = s.exposures(tx, d.Area); err != nil {
			return nil, err
		}
		for _, e := range w.knew {
			w.whole = w.whole || e.Kind == SharedReadKey && e.Policy == RotateAlways
		}
		if w.could, err = w.can(ctx, tx, w.knew); err != nil {
			return nil, err
		}
	}
	if w.whole {
		w.saw, err = w.see(ctx, tx, d.Area)
	}
	if err == nil && rehearsing {
		w.known, err = w.nameable(ctx, tx, w.saw, nil)
	}
	return w, err
}

// can says what those who know keys may do where the keys open.
func (w *weighing) can(ctx context.Context, tx *gorm.DB, all []exposure) (policies.Sight, error) {
	people, places := map[iam.UserID]bool{}, map[iam.OrgID]bool{}
	for _, e := range all {
		if e.Holder != "" {
			people[e.Holder], places[e.Org] = true, true
		}
	}
	if len(people) == 0 {
		return policies.Sight{}, nil
	}
	who := keysOf(people)
	if len(who) > peopleAtOnce {
		who = nil // so many that all are read
	}
	return w.s.Decider.Sight(ctx, tx, keyed, keysOf(places), who...)
}

// peopleAtOnce bounds the parameters of one statement.
const peopleAtOnce = 400

func keysOf[K comparable](set map[K]bool) []K {
	keys := make([]K, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	return keys
}

// see says what everybody may do in the area.
func (w *weighing) see(ctx context.Context, tx *gorm.DB, a Area) (policies.Sight, error) {
	places, err := a.places(tx)
	if err != nil {
		return nil, err
	}
	if len(places) > areaMost {
		places, w.more = places[:areaMost], true
	}
	sight, err := w.s.Decider.Sight(ctx, tx, policies.ActionsOf(inSight...), places, a.People...)
	if err != nil || a.Device == "" {
		return sight, err
	}
	for who, seen := range sight { // of the one device alone
		at := policies.Spot{Org: places[0], Device: a.Device}
		may := seen.At[at] | seen.At[policies.Spot{Org: places[0]}]
		if seen.At = map[policies.Spot]policies.Actions{at: may}; may == 0 {
			delete(sight, who)
		}
	}
	return sight, nil
}

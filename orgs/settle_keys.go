package orgs

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// When the read keys of a place that are nobody's own change, because somebody
// has lost sight of it.
const (
	RotateAlways  = "always"
	RotateExposed = "exposed" // if he has seen them
	RotateAsk     = "ask"     // if he has seen them and who does the deed says so
)

// KeyChange is what a deed does to a key, or would do if it were told to.
type KeyChange struct {
	Kind   KeyKind
	ID     iam.KeyID
	What   KeyFate
	Label  string
	Name   string // of the device or channel that it opens
	Device iam.DeviceID
	Holder iam.UserID // who has seen it and may no more
	Person string     // his name, where the asking person may know it
	Broken bool       // it was seen through break-glass

	org iam.OrgID // where it lies, if the deed's maker may not know that it is there
}

// KeyFate is what becomes of a key.
type KeyFate string

const (
	Ends    KeyFate = "ends"
	Rotates KeyFate = "rotates" // another takes its place
	Exposed KeyFate = "exposed" // it stays, in the memory of somebody who lost it, unless With.Rotate
)

// settle does to keys what the deed leads to: lost is who knew a key and may not
// hold it any more. It says what it did, each key once.
func (w *weighing) settle(ctx context.Context, tx *gorm.DB) (changes []KeyChange, err error) {
	if w.deed.Gives || w.deed.Rests {
		return nil, nil
	}
	now, err := w.s.exposures(tx, w.deed.Area.then())
	if err != nil {
		return nil, err
	}
	if w.deed.Moves {
		broken, err := w.s.broken(tx, w.deed.Area.then())
		if err != nil {
			return nil, err
		}
		now = append(broken, now...)
	}
	can, err := w.can(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	asleep, err := w.asleep(tx, now)
	if err != nil {
		return nil, err
	}
	blind, err := w.blinds(ctx, tx)
	if err != nil {
		return nil, err
	}
	done := map[iam.KeyID]bool{}
	for _, e := range now {
		done[e.Key] = false
	}
	for _, e := range w.knew { // whose channel was closed
		if _, works := done[e.Key]; !works && e.Kind == OwnReadKey {
			changes = append(changes, e.change(Ends))
			done[e.Key] = true
		}
	}
	changes = append(changes, w.deed.Also...)
	for _, e := range now {
		if done[e.Key] || asleep[e.Org] && !w.deed.Closes {
			continue
		}
		lost := e.Holder != "" && !can.May(e.Holder, e.needs(), e.spot())
		if lost && e.Kind != OwnReadKey {
			lost = w.couldBefore(e) // what was lost earlier is no news
		}
		what, why := e.fate(lost, blind, w.deed.With.Rotate)
		if e.Broken {
			what, why = e.fateBroken()
		}
		if what == "" {
			continue
		}
		done[e.Key] = true
		if what != Exposed {
			if err := w.s.carryOut(ctx, tx, e, what, w.deed.Verb, why); err != nil {
				return nil, err
			}
		}
		changes = append(changes, e.change(what))
	}
	return changes, nil
}

func (e exposure) change(what KeyFate) KeyChange {
	return KeyChange{Kind: e.Kind, ID: e.Key, What: what, Label: e.Label, Name: e.Name, Device: e.Device, Holder: e.Holder, Broken: e.Broken, org: e.Org}
}

// fate says what becomes of a key.
func (e exposure) fate(lost, anybodyLost, rotate bool) (what KeyFate, why string) {
	switch {
	case e.Kind == OwnReadKey && lost:
		return Ends, "its holder may not have it any more"
	case e.Kind == SharedReadKey && e.Policy == RotateAlways && anybodyLost:
		return Rotates, "somebody lost sight of the place"
	case !lost || e.Kind == OwnReadKey:
		return "", ""
	case e.Kind == SharedReadKey && (e.Policy == RotateExposed || rotate), e.Kind == RegistrationKey && rotate:
		return Rotates, "seen by somebody who lost it"
	case e.Kind == AccountKey && rotate:
		return Ends, "seen by somebody who lost it"
	}
	return Exposed, ""
}

func (w *weighing) couldBefore(e exposure) bool {
	for _, k := range w.knew {
		if k.Key == e.Key && k.Holder == e.Holder {
			return w.could.May(k.Holder, k.needs(), k.spot())
		}
	}
	return false
}

func (w *weighing) asleep(tx *gorm.DB, all []exposure) (map[iam.OrgID]bool, error) {
	places := map[iam.OrgID]bool{}
	for _, e := range all {
		places[e.Org] = true
	}
	return w.s.Decider.StoppedIn(tx, keysOf(places))
}

// blinds tells whether anybody reads less after a deed that touches all of a place.
func (w *weighing) blinds(ctx context.Context, tx *gorm.DB) (bool, error) {
	if !w.whole {
		return false, nil
	}
	after, err := w.see(ctx, tx, w.deed.Area.then())
	return err == nil && lostAny(w.saw, after), err
}

// lostAny tells whether anybody reads less than before.
func lostAny(before, after policies.Sight) bool {
	for who, seen := range before {
		for at, may := range seen.At {
			if may.Has(policies.ReadDevice) && !after.May(who, policies.ReadDevice, at) {
				return true
			}
		}
	}
	return false
}

// carryOut ends or changes one key, with its own line in the trail.
func (s *Service) carryOut(ctx context.Context, tx *gorm.DB, e exposure, what KeyFate, deed, why string) (err error) {
	detail := audit.Detail{"key": string(e.Key), "because": deed, "why": why}
	if e.Holder != "" {
		detail["of"] = string(e.Holder)
	}
	object := audit.Object{Tenant: string(e.Tenant), Org: string(e.Org), Type: string(e.Kind), ID: string(e.Key)}
	verb := string(e.Kind) + ".end"
	switch e.Kind {
	case OwnReadKey:
		object.Type, object.ID = "device", string(e.Device) // the device's own history tells it
		if err = s.store().RevokeReadKey(ctx, tx, e.Channel, e.Key); errors.Is(err, connectors.ErrChannel) {
			return nil // ended meanwhile
		}
	case SharedReadKey:
		verb = string(e.Kind) + ".rotate"
		err = s.store().RotateReadKey(ctx, tx, e.Channel, e.Key)
	case RegistrationKey:
		return s.replaceIn(ctx, tx, e.Key, detail)
	case AccountKey:
		err = s.store().RevokeAccountKey(ctx, tx, e.Org, e.Key)
	case WriteKey:
		object.Type, object.ID, verb = "device", string(e.Device), "write-key.rotate"
		_, err = s.store().ChangeWriteKey(ctx, tx, e.Channel, time.Time{}) // the old one works until the device has used the new one
	}
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, verb, object, detail)
}

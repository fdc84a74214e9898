package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// ErrChanged says that somebody else was quicker.
var ErrChanged = fault.New(fault.Stale, "changed-meanwhile", "This was changed meanwhile. Read it again, then decide.")

// With is how a deed is to be done; the zero value does it plainly.
type With struct {
	Version int64  // of what is changed, as its changer knows it (If-Match); 0 for whatever it is
	Rotate  bool   // change keys, too, that were seen by somebody who loses them
	Reason  string // for the trail
}

// A Deed changes who may see or do what. Perform runs it together with what
// follows from it, or only says what would follow.
type Deed struct {
	Verb   string
	Object audit.Object
	Area   Area
	With   With
	Gives  bool        // takes nothing from anybody, so that nothing happens to keys
	Rests  bool        // what it takes comes back: keys sleep and do not end
	Moves  bool        // something comes to lie elsewhere: what was seen of it through break-glass changes
	Closes bool        // nobody gets it back: keys end where the place is closed, too
	Also   []KeyChange // what Do itself does to keys, for the preview
	Do     func(tx *gorm.DB) (audit.Detail, error)
	Tell   []live.Event
}

// ErrNothing ends a deed that finds everything as it should be: nothing is
// written, and whoever called hears of no failure.
var ErrNothing = errors.New("nothing to do")

// errRehearsed takes a rehearsal back.
var errRehearsed = errors.New("rehearsed")

type rehearsalKey struct{}

// Rehearse makes every deed under the context a preview of itself: it runs in
// its transaction, p is told what would have come of it, and nothing stays.
func Rehearse(ctx context.Context, p *Preview) context.Context {
	return context.WithValue(ctx, rehearsalKey{}, p)
}

// Rehearsing is the preview that ctx asks for, or nil.
func Rehearsing(ctx context.Context) *Preview {
	p, _ := ctx.Value(rehearsalKey{}).(*Preview)
	return p
}

// Perform runs a deed in one transaction: the deed itself, what becomes of keys
// that somebody has seen and may see no more, its line in the trail. Afterwards
// those who watch are told.
func (s *Service) Perform(ctx context.Context, d *Deed) error {
	preview := Rehearsing(ctx)
	var knows, sees policies.Scope
	var err error
	if preview != nil { // before the transaction: inside, only tx touches the database
		if knows, err = s.Decider.Scope(ctx, policies.ReadPeople); err != nil {
			return err
		}
		if sees, err = s.Decider.Scope(ctx, policies.SeeDevice); err != nil {
			return err
		}
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.Decider.Bump(tx); err != nil { // first, as everywhere: it takes turns
			return err
		}
		w, err := s.weigh(ctx, tx, d, asker{knows, sees}, preview != nil)
		if err != nil {
			return err
		}
		detail, err := d.Do(tx)
		if err != nil {
			return err
		}
		keys, err := w.settle(ctx, tx)
		if err != nil {
			return err
		}
		if preview != nil {
			if err := w.tell(ctx, tx, preview, keys); err != nil {
				return err
			}
			return errRehearsed
		}
		if err := s.tellPeople(ctx, tx, d, detail); err != nil {
			return err
		}
		if d.With.Reason != "" {
			if detail == nil {
				detail = audit.Detail{}
			}
			detail["reason"] = d.With.Reason
		}
		return audit.Record(ctx, tx, d.Verb, d.Object, detail)
	})
	switch {
	case errors.Is(err, errRehearsed), errors.Is(err, ErrNothing):
		return nil
	case err != nil:
		return fmt.Errorf("%s %s: %w", d.Verb, d.Object.ID, err)
	}
	for _, e := range d.Tell {
		s.Live.Publish(e)
	}
	return nil
}

// happened is the event of a deed on a place.
func happened(kind live.Kind, tenant, org iam.OrgID, id string) live.Event {
	return live.Event{Kind: kind, Tenant: tenant, Org: org, ID: id}
}

func objectOf(o Org) audit.Object {
	return audit.Object{Tenant: string(o.Tenant), Org: string(o.ID), Type: "org", ID: string(o.ID)}
}

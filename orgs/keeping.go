package orgs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// Keeping is the use cases of how long a place and those below it keep their
// readings.
type Keeping struct {
	Orgs  *Service
	Store *channels.Store
}

// Kept is what counts for a place.
type Kept struct {
	Entries, Sums int    // days, as in channels.Rule; 0 is for ever
	Own           bool   // the place says so itself
	By            string // else the place above that does, by name; "" for none, or for one that the asking person may not know
	Above         bool   // one above it does
	Runs          []KeepRun
}

// KeepRun is one round in which what nobody keeps any longer was let go, in all
// places of the installation. The numbers are for who looks after that.
type KeepRun struct {
	Started, Ended time.Time // Ended is zero while it runs
	Percent        int       // of the channels, by now
	Stopped        bool      // before it was through; the next one goes on
	Entries, Sums  int64     // that went; -1 for who may not know
}

// keepRunsShown are the last rounds that a page tells of.
const keepRunsShown = 5

// Of gives what counts for a place. Like the others it asks for ManageOrg there.
func (k Keeping) Of(ctx context.Context, org iam.OrgID) (Kept, error) {
	if err := k.Orgs.Decider.Require(ctx, policies.ManageOrg, org); err != nil {
		return Kept{}, err
	}
	r, err := k.Store.RuleFor(ctx, org)
	if err != nil {
		return Kept{}, err
	}
	v := Kept{Entries: r.Entries, Sums: r.Sums, Own: r.Org == org, Above: r.Org != "" && r.Org != org}
	if v.Above && k.Orgs.Decider.May(ctx, policies.ReadOrg, r.Org) {
		o, err := findOrg(k.Orgs.DB.WithContext(ctx), r.Org)
		if err != nil {
			return v, err
		}
		v.By = o.Name
	}
	v.Runs, err = k.runs(ctx)
	return v, err
}

func (k Keeping) runs(ctx context.Context) (all []KeepRun, err error) {
	list, err := k.Store.KeepRuns(ctx, keepRunsShown)
	_, refused := k.Orgs.Platform(ctx)
	for _, r := range list {
		run := KeepRun{Started: r.Started, Ended: r.Ended, Percent: 100, Stopped: r.Error != "", Entries: r.Entries, Sums: r.Sums}
		if r.Channels > 0 {
			run.Percent = int(100 * r.Done / r.Channels)
		}
		if refused != nil {
			run.Entries, run.Sums = -1, -1
		}
		all = append(all, run)
	}
	return all, err
}

// Set gives a place a rule of its own, in days; 0 is for ever. What is older goes
// for good with the next round. It fails with channels.ErrRule (field entries).
func (k Keeping) Set(ctx context.Context, org iam.OrgID, entries, sums int) error {
	return k.do(ctx, org, "org.keep", func(tx *gorm.DB, o Org) (audit.Detail, error) {
		if err := k.Store.SetRule(ctx, tx, channels.Rule{Tenant: o.Tenant, Org: o.ID, Entries: entries, Sums: sums, By: asking(ctx)}); err != nil {
			return nil, iam.Wrong("entries", err)
		}
		return audit.Detail{"entries": entries, "sums": sums}, nil
	})
}

// Drop lets the rule of the place above count again.
func (k Keeping) Drop(ctx context.Context, org iam.OrgID) error {
	return k.do(ctx, org, "org.keep-drop", func(tx *gorm.DB, o Org) (audit.Detail, error) {
		return audit.Detail{}, k.Store.DropRule(ctx, tx, o.ID)
	})
}

// do runs a deed on the rule of org and writes into the trail what it was before.
func (k Keeping) do(ctx context.Context, org iam.OrgID, verb string, deed func(*gorm.DB, Org) (audit.Detail, error)) error {
	if err := k.Orgs.Decider.Require(ctx, policies.ManageOrg, org); err != nil {
		return err
	}
	was, err := k.Store.RuleFor(ctx, org)
	if err != nil {
		return err
	}
	err = k.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		o, err := findOrg(tx, org)
		if err != nil {
			return err
		}
		after, err := deed(tx, o)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, verb, objectOf(o), audit.Change(audit.Detail{"entries": was.Entries, "sums": was.Sums}, after))
	})
	if err != nil {
		return fmt.Errorf("rule of keeping of %s: %w", org, err)
	}
	return nil
}

// Package doctor finds what is broken now: the ground, the jobs, mail, webhooks,
// connectors, the trail, devices that fell silent and those that wait for a word.
// Each finding names its cause and since when, and is worth one deed that mends
// it. Whoever asks is told of what he may see and no more. The package knows no
// words and no pages, and keeps nothing: every look is a new one.
package doctor

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/orgs"
	"halfkey/policies"
)

// A Weight is how much a finding matters; less is worse.
type Weight int

// The weights, the worst first.
const (
	Broken Weight = iota // something does not work
	Shaky                // it works, but not all of it, or not for long
	Waits                // nothing is wrong, and a person's word is missing
)

// A Code names what is wrong. Words for each are the pages'.
type Code string

// A Finding is one thing that is wrong.
type Finding struct {
	Code    Code
	Weight  Weight
	Org     iam.OrgID // where; "" is the installation
	Place   string    // its name
	Subject string    // the id of the thing that it is about
	Name    string    // what that is called
	Count   int       // of how many, where there are several
	Cause   string    // why: a word that goes with the code, or an error's discreet text
	Since   time.Time // zero: not known
	Next    time.Time // when it is tried again by itself, or when it ends; zero: neither
	May     bool      // whoever asks may mend it
}

// Service looks. Desk may be nil, and whatever of Machine is not there is not
// looked at.
type Service struct {
	DB      *gorm.DB
	Vault   *vault.Vault
	Decider *policies.Decider
	Orgs    *orgs.Service
	Devices *devices.Service
	Desk    *connectors.Desk
	Machine Machine
	Now     func() time.Time
}

// Machine is what lies beneath the database's rows.
type Machine struct {
	Ground       *migrations.DB
	Folder       string                                 // of the data
	Keyset       string                                 // the file
	Disk         func() (free, total uint64, err error) // bytes, where the data lies
	Certificates func() []Certificate                   // that our doors show
}

// A Certificate is one that a door shows.
type Certificate struct {
	Name string // whose, or of which file
	End  time.Time
	Own  bool // made by ourselves, and anew at a start
}

// Find is all that is wrong in a place and below it, or where whoever asks may
// look at all when org is empty; to who looks after the installation that is
// everything, but for the devices of people. The worst comes first, then the oldest.
func (s *Service) Find(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	looks := []func(context.Context, iam.OrgID) ([]Finding, error){s.connectors, s.stuck, s.webhooks, s.trail}
	platform := s.platform(ctx) == nil
	if org != "" {
		if err := s.Decider.Require(ctx, policies.ReadConnector, org); err != nil {
			return nil, err
		}
	}
	if org != "" || !platform {
		looks = append(looks, s.strangers, s.silent)
	}
	if org == "" && platform {
		looks = append(looks, s.ground, s.jobs, s.post, s.keyset, s.certificates)
	}
	for _, look := range looks {
		found, err := look(ctx, org)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for i, f := range all {
		act, limited := mends[f.Code]
		all[i].May = !limited || s.Decider.May(ctx, act, f.Org)
	}
	slices.SortStableFunc(all, compare)
	return all, nil
}

// mends are the rights that mending wants, where it is more than seeing.
var mends = map[Code]policies.Action{
	ConnectorRefused: policies.ManageConnector, ConnectorPaused: policies.ManageConnector, ConnectorDrift: policies.TestConnector,
	ConnectorFull: policies.TestConnector, ConnectorPace: policies.TestConnector, ConnectorSilent: policies.TestConnector, ConnectorStuck: policies.TestConnector,
}

// compare puts the worst first, then what has a known beginning, the oldest first.
func compare(a, b Finding) int {
	if a.Weight != b.Weight {
		return int(a.Weight - b.Weight)
	}
	if a.Since.IsZero() != b.Since.IsZero() {
		if a.Since.IsZero() {
			return 1
		}
		return -1
	}
	if c := a.Since.Compare(b.Since); c != 0 {
		return c
	}
	return strings.Compare(string(a.Code)+a.Subject, string(b.Code)+b.Subject)
}

// platform is nil for who looks after the installation.
func (s *Service) platform(ctx context.Context) error {
	_, err := s.Orgs.Platform(ctx)
	return err
}

// seen cuts a query to the place that is asked about and to where the actor may do act.
func (s *Service) seen(ctx context.Context, q *gorm.DB, act policies.Action, org iam.OrgID, orgColumn, tenantColumn string) (*gorm.DB, error) {
	scope, err := s.Decider.Scope(ctx, act)
	if err != nil {
		return nil, err
	}
	if org != "" {
		q = q.Where(orgColumn+" IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", org)
	}
	return scope.Filter(q, orgColumn, tenantColumn), nil
}

func (s *Service) db(ctx context.Context) *gorm.DB { return s.DB.WithContext(ctx) }

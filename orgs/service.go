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

// Machines is the use cases of service accounts, and of the tokens that they
// and people's programs show.
type Machines struct {
	Orgs     *Service
	Services *iam.Services
	Tokens   *iam.APITokens
}

// Machine is a service account with what it holds. Stands is false when its
// owner has lost the right to have it: then it is let in nowhere.
type Machine struct {
	iam.ServiceAccount
	OwnerName string
	OrgName   string
	Stands    bool
	Seats     []Seat
	Tokens    []iam.APIToken
}

// What can be wrong with a service account.
var (
	ErrServiceOwner     = fault.New(fault.Unprocessable, "service-owner", "The owner has to be somebody who may look after service accounts here.")
	ErrServiceElsewhere = fault.New(fault.Unprocessable, "service-elsewhere", "A service account gets roles in its own place and below.")
	ErrServiceAbove     = fault.New(fault.Refused, "service-too-mighty", "This service account may do more than you. Somebody who may as much has to do this.")
)

// NewService makes a service account in org. Its owner is the person who acts,
// unless another is named who may have it as well. Field names: name, owner.
func (m Machines) NewService(ctx context.Context, org iam.OrgID, name string, owner iam.UserID) (iam.ServiceAccount, error) {
	if err := m.Orgs.Decider.Require(ctx, policies.MakeService, org); err != nil {
		return iam.ServiceAccount{}, err
	}
	if owner == "" {
		var err error
		if owner, err = iam.PersonIn(ctx); err != nil {
			return iam.ServiceAccount{}, iam.Wrong("owner", ErrServiceOwner)
		}
	}
	a := iam.ServiceAccount{Owner: owner, MadeBy: asking(ctx)}
	var form iam.Form
	var err error
	a.Name, err = iam.ParseName(name)
	form.Check("name", err)
	if !m.mayHave(ctx, owner, a.MadeBy, org) {
		form.Check("owner", ErrServiceOwner)
	}
	if err := form.Err(); err != nil {
		return a, err
	}
	err = m.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		o, err := findOrg(tx, org)
		if err != nil {
			return err
		}
		a.Tenant, a.Org = o.Tenant, o.ID
		if a, err = m.Services.Create(tx, a); err != nil {
			return err
		}
		return m.record(ctx, tx, "service.make", a, audit.Detail{"name": a.Name, "owner": string(a.Owner)})
	})
	if err != nil {
		return a, fmt.Errorf("new service account: %w", err)
	}
	m.Orgs.tell(live.People, a.Tenant, a.Org, string(a.ID))
	return a, nil
}

// mayHave tells whether a person may own a service account of org: one who
// manages them there, or who makes them there and made this one.
func (m Machines) mayHave(ctx context.Context, owner, maker iam.UserID, org iam.OrgID) bool {
	return m.Orgs.Decider.MayUser(ctx, owner, policies.ManageService, org, "") ||
		owner == maker && m.Orgs.Decider.MayUser(ctx, owner, policies.MakeService, org, "")
}

// May tells whether the person who acts in ctx has anything to do with service
// accounts of org.
func (m Machines) May(ctx context.Context, org iam.OrgID) bool {
	return m.Orgs.Decider.May(ctx, policies.ReadService, org) || m.Orgs.Decider.May(ctx, policies.MakeService, org)
}

// MayChange tells whether he may change this one.
func (m Machines) MayChange(ctx context.Context, a iam.ServiceAccount) bool {
	return m.require(ctx, a) == nil
}

// require lets those pass who manage service accounts where this one belongs,
// or who made it and still make some there.
func (m Machines) require(ctx context.Context, a iam.ServiceAccount) error {
	err := m.Orgs.Decider.Require(ctx, policies.ManageService, a.Org)
	if err == nil || a.MadeBy == asking(ctx) && m.Orgs.Decider.May(ctx, policies.MakeService, a.Org) {
		return nil
	}
	if errors.Is(err, policies.ErrRefused) && !m.Orgs.Decider.May(ctx, policies.ReadService, a.Org) {
		return iam.ErrServiceUnknown // who may not read them does not learn that there is one
	}
	if errors.Is(err, policies.ErrHidden) {
		return iam.ErrServiceUnknown
	}
	return err
}

// find is the account of that id, for who may change it.
func (m Machines) find(ctx context.Context, id iam.ServiceID) (iam.ServiceAccount, error) {
	a, err := m.Services.Get(m.Orgs.DB.WithContext(ctx), id)
	if err != nil {
		return a, err
	}
	return a, m.require(ctx, a)
}

func (m Machines) record(ctx context.Context, tx *gorm.DB, verb string, a iam.ServiceAccount, d audit.Detail) error {
	return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(a.Tenant), Org: string(a.Org), Type: "service", ID: string(a.ID)}, d)
}

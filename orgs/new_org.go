package orgs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// NewOrg makes an organisation below parent. Below the platform itself it is a
// tenant, with connector and first registration key, that waits for an owner to
// be invited. Field names: name, kind.
func (s *Service) NewOrg(ctx context.Context, parent iam.OrgID, name, kind string) (Org, error) {
	if err := s.Decider.Require(ctx, policies.ManageOrg, parent); err != nil {
		return Org{}, err
	}
	o, err := parseOrg(name, kind)
	if err != nil {
		return Org{}, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		above, err := findOrg(tx, parent)
		if err != nil {
			return err
		}
		o.Parent, o.Tenant = above.ID, above.Tenant
		if above.Kind == Platform {
			o.Kind, o.Tenant = Tenant, ""
		}
		if o, err = s.add(tx, o); err != nil {
			return err
		}
		if o.Kind == Tenant {
			_, err := s.equip(ctx, tx, o)
			return err
		}
		return audit.Record(ctx, tx, "org.make", audit.Object{Tenant: string(o.Tenant), Org: string(o.ID), Type: "org", ID: string(o.ID)},
			audit.Detail{"name": o.Name, "kind": string(o.Kind), "parent": string(o.Parent)})
	})
	if err != nil {
		return Org{}, fmt.Errorf("new organisation: %w", err)
	}
	s.tell(live.People, o.Tenant, o.ID, string(o.ID))
	return o, nil
}

func parseOrg(name, kind string) (o Org, err error) {
	var form iam.Form
	o.Name, err = iam.ParseName(name)
	form.Check("name", err)
	o.Kind, err = ParseKind(kind)
	form.Check("kind", err)
	return o, form.Err()
}

// Rename gives an organisation another display name. Field name: name.
func (s *Service) Rename(ctx context.Context, id iam.OrgID, name string) error {
	_, err := s.Settle(ctx, id, Settings{Name: &name}, With{})
	return err
}

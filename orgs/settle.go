package orgs

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// What a setting can be wrong about.
var (
	ErrChoice    = fault.New(fault.Unprocessable, "setting-choice", "Choose one of the offered values.")
	ErrLockedOut = fault.New(fault.Conflict, "setting-locks-out", "You are not signed in well enough for that yourself. Sign in that way first, then ask it of others.")
)

// Settings are what a place says about itself; what is nil stays. A tenant's kind
// does not change.
type Settings struct {
	Name           *string
	Kind           *string
	Private        *bool   // not looked into from above, but by owners and auditors
	MemberRole     *string // viewer, member, operator: what belonging to it amounts to
	MinCredential  *string // any, mfa, passkey
	RotateReadKeys *string // always, exposed, ask
}

// Settle changes settings of a place. Who makes a place private manages it from
// within; who asks for a better sign-in is himself signed in that well; and
// nobody raises what members get above what he may himself. Field names: name,
// kind, private, member_role, min_credential, rotate_read_keys.
func (s *Service) Settle(ctx context.Context, id iam.OrgID, want Settings, w With) (Org, error) {
	if err := s.Decider.Require(ctx, policies.ManageOrg, id); err != nil {
		return Org{}, err
	}
	o, err := findOrg(s.DB.WithContext(ctx), id)
	if err != nil {
		return Org{}, err
	}
	if err := s.checkSettings(ctx, o, &want); err != nil {
		return Org{}, err
	}
	d := Deed{Verb: "org.settle", Object: objectOf(o), Area: Area{Org: id}, With: w, Tell: []live.Event{happened(live.People, o.Tenant, id, string(id))}}
	d.Gives = want.Private == nil && want.MemberRole == nil // the others take nothing from anybody
	d.Do = func(tx *gorm.DB) (audit.Detail, error) {
		if o, err = findOrg(tx, id); err != nil {
			return nil, err
		}
		columns, before, after := want.apply(&o)
		if len(columns) == 0 {
			return nil, ErrNothing
		}
		if err := changeOrg(tx, o, w, columns); err != nil {
			return nil, err
		}
		o.Version++
		if _, named := columns["name"]; named && len(after) == 1 {
			d.Verb = "org.rename"
			return audit.Detail{"from": before["name"], "to": after["name"]}, nil
		}
		return audit.Detail{"before": before, "after": after}, nil
	}
	err = s.Perform(ctx, &d)
	return o, err
}

func (s *Service) checkSettings(ctx context.Context, o Org, want *Settings) error {
	var form iam.Form
	if want.Name != nil {
		name, err := iam.ParseName(*want.Name)
		want.Name = &name
		form.Check("name", err)
	}
	if want.Kind != nil && Kind(*want.Kind) != o.Kind {
		_, err := ParseKind(*want.Kind)
		if o.Kind == Tenant || o.Kind == Platform {
			err = ErrKind
		}
		form.Check("kind", err)
	}
	choose := func(field string, value *string, among ...string) {
		if value != nil && !slices.Contains(among, *value) {
			form.Check(field, ErrChoice)
		}
	}
	choose("member_role", want.MemberRole, string(policies.Viewer), string(policies.Member), string(policies.Operator))
	choose("min_credential", want.MinCredential, credentials[:]...)
	choose("rotate_read_keys", want.RotateReadKeys, RotateAlways, RotateExposed, RotateAsk)
	if want.Private != nil && *want.Private && (o.Kind == Tenant || o.Kind == Platform) {
		form.Check("private", ErrChoice)
	}
	if err := form.Err(); err != nil {
		return err
	}
	if want.MemberRole != nil && *want.MemberRole != string(o.MemberRole) {
		if err := s.Decider.MayGrant(ctx, policies.Role(*want.MemberRole), o.ID); err != nil {
			return err
		}
	}
	if want.MinCredential != nil && !policies.Proved(ctx, *want.MinCredential) {
		return iam.Wrong("min_credential", ErrLockedOut)
	}
	return nil
}

var credentials = [...]string{"any", "mfa", "passkey"}

// apply gives the place what is wanted and tells the columns that change, with
// what was and what is.
func (want Settings) apply(o *Org) (columns map[string]any, before, after map[string]any) {
	columns, before, after = map[string]any{}, map[string]any{}, map[string]any{}
	set := func(column string, was *string, is *string) {
		if is != nil && *is != *was {
			before[column], after[column], columns[column] = *was, *is, *is
			*was = *is
		}
	}
	set("name", &o.Name, want.Name)
	set("kind", (*string)(&o.Kind), want.Kind)
	set("member_role", (*string)(&o.MemberRole), want.MemberRole)
	set("min_credential", &o.MinCredential, want.MinCredential)
	set("rotate_read_keys", &o.RotateReadKeys, want.RotateReadKeys)
	if want.Private != nil && *want.Private != o.Private {
		before["private"], after["private"], columns["private"] = o.Private, *want.Private, *want.Private
		o.Private = *want.Private
	}
	return columns, before, after
}

package portal

import (
	"context"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// placeForm is what a place says about itself, as its page has it.
type placeForm struct {
	Name, Kind, MemberRole, MinCredential, RotateReadKeys string
	Private                                               bool
	Version                                               int64 // that the form was drawn from
	Changed                                               bool  // by somebody else meanwhile
	Wrong                                                 map[string]string
	whole                                                 bool // else the name alone is meant
}

func placeFormOf(o orgs.Org) placeForm {
	return placeForm{Name: o.Name, Kind: string(o.Kind), MemberRole: string(o.MemberRole), MinCredential: o.MinCredential, RotateReadKeys: o.RotateReadKeys,
		Private: o.Private, Version: o.Version, whole: true}
}

// readPlaceForm takes the form as it came. One with a name alone changes that.
func readPlaceForm(c echo.Context, o orgs.Org) placeForm {
	f := placeFormOf(o)
	f.Name = c.FormValue("name")
	version, err := strconv.ParseInt(c.FormValue("version"), 10, 64)
	if f.whole = err == nil && version > 0; !f.whole {
		return f
	}
	f.Version, f.Private = version, c.FormValue("private") != ""
	for name, value := range map[string]*string{"kind": &f.Kind, "member_role": &f.MemberRole, "min_credential": &f.MinCredential, "rotate_read_keys": &f.RotateReadKeys} {
		if s := c.FormValue(name); s != "" {
			*value = s
		}
	}
	return f
}

func (f placeForm) settings(o orgs.Org) orgs.Settings {
	s := orgs.Settings{Name: &f.Name}
	if !f.whole {
		return s
	}
	s.MemberRole, s.MinCredential, s.RotateReadKeys = &f.MemberRole, &f.MinCredential, &f.RotateReadKeys
	if f.MinCredential == o.MinCredential {
		s.MinCredential = nil // nobody has to prove more for what stays
	}
	if o.Kind != orgs.Tenant {
		s.Kind, s.Private = &f.Kind, &f.Private
	}
	return s
}

func (f placeForm) hidden() []ui.Crumb {
	all := ask.Hidden("name", f.Name)
	if f.whole {
		all = append(all, ask.Hidden("version", strconv.FormatInt(f.Version, 10), "kind", f.Kind, "member_role", f.MemberRole, "min_credential", f.MinCredential,
			"rotate_read_keys", f.RotateReadKeys)...)
	}
	if f.Private {
		all = append(all, ask.Hidden("private", "on")...)
	}
	return all
}

func placeKinds(ctx context.Context) (all []ui.Option) {
	for _, k := range []orgs.Kind{orgs.Household, orgs.Plant, orgs.Fleet, orgs.Team, orgs.Plain} {
		all = append(all, ui.Option{Value: string(k), Label: orgWord(ctx, k)})
	}
	return all
}

func memberRoles(ctx context.Context) (all []ui.Option) {
	for _, r := range []policies.Role{policies.Viewer, policies.Member, policies.Operator} {
		all = append(all, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
	}
	return all
}

func credentialOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "any", Label: ui.T(ctx, "place.credential.any")}, {Value: "mfa", Label: ui.T(ctx, "place.credential.mfa")}, {Value: "passkey", Label: ui.T(ctx, "place.credential.passkey")}}
}

func rotationOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: orgs.RotateAlways, Label: ui.T(ctx, "place.rotate.always")}, {Value: orgs.RotateExposed, Label: ui.T(ctx, "place.rotate.exposed")},
		{Value: orgs.RotateAsk, Label: ui.T(ctx, "place.rotate.ask")}}
}

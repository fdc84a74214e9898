package portal

import (
	"context"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// placeState is what a place amounts to now, and whether the viewer decides
// about it from above.
type placeState struct {
	Word, Kind, Text string // of the badge; Text says why
	Decides          bool
	Open             bool   // neither suspended nor closed itself
	From, Until      string // as a form has them
}

func (p *Portal) placeState(ctx context.Context, o orgs.Org) (s placeState, err error) {
	standing, err := p.Orgs.Standing(ctx, o.ID)
	if err != nil {
		return s, err
	}
	s = placeState{Decides: o.Parent != "" && p.Decider.May(ctx, policies.MoveOrg, o.Parent), Open: o.State == orgs.Active, From: form.Local(o.From), Until: form.Local(o.Until)}
	s.Word, s.Kind = standingWord(ctx, o, standing)
	switch {
	case standing.Cause == iam.ByAbove:
		s.Text = ui.T(ctx, "place.state.above")
	case standing.Is == iam.InForce && !o.Until.IsZero():
		s.Text = ui.T(ctx, "place.state.until", "When", ui.Moment(ctx, o.Until))
	case standing.Is == iam.NotYet:
		s.Text = ui.T(ctx, "place.state.from", "When", ui.Moment(ctx, o.From))
	}
	return s, nil
}

// standingWord is a place's standing in a word, and the kind of its badge.
func standingWord(ctx context.Context, o orgs.Org, s iam.Standing) (word, kind string) {
	switch s.Is {
	case iam.InForce:
		return ui.T(ctx, "place.state.open"), "good"
	case iam.NotYet:
		return ui.T(ctx, "place.state.notyet"), "warn"
	case iam.Over:
		if o.State == orgs.Closed {
			return ui.T(ctx, "place.state.closed"), "warn"
		}
		return ui.T(ctx, "place.state.over"), "warn"
	}
	return ui.T(ctx, "place.state.suspended"), "warn"
}

// parentsFor are the places of the same tenant that a place could lie in: neither
// itself nor what lies in it.
func (p *Portal) parentsFor(ctx context.Context, o orgs.Org) (all []ui.Option, err error) {
	list, err := p.Orgs.Places(ctx, policies.ManageOrg)
	if err != nil {
		return nil, err
	}
	inside := map[iam.OrgID]bool{o.ID: true}
	for _, l := range list { // parents come before children
		if inside[l.Parent] {
			inside[l.ID] = true
		}
		if l.Tenant == o.Tenant && !inside[l.ID] {
			all = append(all, ui.Option{Value: string(l.ID), Label: l.Name})
		}
	}
	return all, nil
}

// answerShut draws the page of a place that nobody sees into, for who may open it.
func (p *Portal) answerShut(c echo.Context, status int, o orgs.Org, wrong map[string]string) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "portal.org.title", "Org", o.Name), "orgs")
	if err != nil {
		return err
	}
	v := orgPage{ID: string(o.ID), Tenant: o.Kind == orgs.Tenant, Form: placeFormOf(o)}
	v.Form.Wrong = wrong
	if v.State, err = p.placeState(ctx, o); err != nil {
		return err
	}
	h.Page.Path = "/orgs/" + v.ID
	return show.Page(c, status, shutView(h.Page, v))
}

// shutPlaces are those that are shut, or will be, and that the viewer may open
// again, but for those that he sees anyway.
func (p *Portal) shutPlaces(ctx context.Context) (all []shutPlace, err error) {
	list, err := p.Orgs.ShutBelow(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if p.Decider.May(ctx, policies.ReadOrg, o.ID) {
			continue
		}
		s, err := p.placeState(ctx, o)
		if fault.MayNot(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, shutPlace{ID: string(o.ID), Name: o.Name, Kind: orgWord(ctx, o.Kind), State: s})
	}
	return all, nil
}

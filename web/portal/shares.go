package portal

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// shares is what is let out and let in, and who stands in for whom.
func (p *Portal) shares(c echo.Context) error {
	f := shareForm{Device: c.QueryParam("device"), Role: string(policies.Viewer)}
	return p.answerShares(c, http.StatusOK, f, lendForm{})
}

func (p *Portal) answerShares(c echo.Context, status int, f shareForm, l lendForm) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "share.title"), "people")
	if err != nil {
		return err
	}
	v := sharesPage{Org: string(h.Org.ID), OrgName: h.Org.Name, Share: f, Lend: l}
	v.HandsOver = p.Decider.May(ctx, policies.TransferDevice, h.Org.Tenant)
	byMe, withMe, err := p.Orgs.Shares(ctx)
	if err != nil {
		return err
	}
	for _, s := range byMe {
		v.ByMe = append(v.ByMe, p.shareLine(ctx, s, s.Name, s.Waiting, true))
	}
	for _, s := range withMe {
		line := p.shareLine(ctx, s, s.TenantName, s.Waiting, false)
		line.Answer = s.Waiting
		v.WithMe = append(v.WithMe, line)
	}
	lent, borrowed, err := p.Orgs.Deputies(ctx)
	if err != nil {
		return err
	}
	for _, d := range lent {
		v.Lent = append(v.Lent, deputyLine{ID: string(d.ID), Who: d.DeputyName, Role: p.roleWord(ctx, d.Role), Org: d.OrgName, Until: d.Until, Reason: d.Reason})
	}
	for _, d := range borrowed {
		v.Borrowed = append(v.Borrowed, deputyLine{ID: string(d.ID), Who: d.LenderName, Role: p.roleWord(ctx, d.Role), Org: d.OrgName, Until: d.Until, Reason: d.Reason})
	}
	if err := p.shareChoices(ctx, &v); err != nil {
		return err
	}
	h.Page.Path = "/shares?org=" + v.Org
	return show.Page(c, status, sharesView(h.Page, v))
}

func (p *Portal) shareLine(ctx context.Context, s orgs.Sharing, with string, waiting, mine bool) shareLine {
	what := s.OrgName
	if s.Device != "" {
		what = s.DeviceName
	}
	return shareLine{ID: string(s.ID), What: what, With: with, Role: show.Role(ctx, s.Role), Until: s.Until, Waiting: waiting, Mine: mine, Reason: s.Reason}
}

// shareChoices fills the forms: what the viewer may share, and which of his own
// roles somebody could stand in with.
func (p *Portal) shareChoices(ctx context.Context, v *sharesPage) error {
	if v.Share.Device != "" {
		id, err := iam.ParseDeviceID(v.Share.Device)
		if err != nil {
			return err
		}
		d, err := p.Devices.Get(ctx, id)
		if err != nil {
			return err
		}
		v.Share.What = d.Name
		v.MayShare = p.Decider.MayDevice(ctx, policies.Share, d.Org, d.ID)
	} else {
		v.Share.What = v.OrgName
		v.MayShare = p.Decider.May(ctx, policies.Share, iam.OrgID(v.Org))
	}
	for _, r := range []policies.Role{policies.Viewer, policies.Member, policies.Operator} {
		v.Roles = append(v.Roles, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
	}
	me, _ := policies.Asking(ctx)
	seats, err := p.Decider.Of(ctx, me)
	if err != nil {
		return err
	}
	places, err := p.Frame.PlaceNames(ctx)
	if err != nil {
		return err
	}
	for _, a := range seats {
		if a.Source != policies.Shared && a.Source != policies.Deputy && a.Role != policies.PlatformAdmin && places[a.Org] != "" {
			v.Own = append(v.Own, ui.Option{Value: string(a.ID), Label: p.roleWord(ctx, a.Role) + " ← " + places[a.Org]})
		}
	}
	for _, r := range []policies.Role{policies.Manager, policies.Operator, policies.Member, policies.Viewer} {
		v.Lendable = append(v.Lendable, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
	}
	return nil
}

// letIn shares or lends once the viewer has seen what that comes to. Who is not
// known here gets an invitation; its link is shown this once.
func (p *Portal) letIn(c echo.Context, deed func(context.Context) (orgs.LetIn, error), text string, q ask.Question) error {
	var done orgs.LetIn
	run := func(ctx context.Context) (err error) {
		done, err = deed(ctx)
		return err
	}
	if c.FormValue("sure") == "" {
		return ask.Before(c, p.Frame, run, q)
	}
	ctx := c.Request().Context()
	if err := run(ctx); err != nil {
		return err
	}
	if done.Token == "" {
		return c.Redirect(http.StatusSeeOther, q.NoHref)
	}
	h, err := p.Frame.At(c, ui.T(ctx, "share.title"), "people")
	if err != nil {
		return err
	}
	h.Page.Path = q.NoHref
	return show.Page(c, http.StatusOK, invitedPage(h.Page, text, p.BaseURL(c)+"/i/"+done.Token.Reveal(), q.NoHref))
}

// share lets somebody in from elsewhere.
func (p *Portal) share(c echo.Context) error {
	ctx := c.Request().Context()
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	f := shareForm{Device: c.FormValue("device"), To: strings.TrimSpace(c.FormValue("to")), Role: c.FormValue("role"), Until: c.FormValue("until"), Reason: strings.TrimSpace(c.FormValue("reason"))}
	r := orgs.ShareRequest{Org: org, To: f.To, Role: f.Role, Until: form.Moment(f.Until), Reason: f.Reason}
	if f.Device != "" {
		if r.Device, err = iam.ParseDeviceID(f.Device); err != nil {
			return err
		}
	}
	deed := func(ctx context.Context) (orgs.LetIn, error) { return p.Orgs.Share(ctx, r) }
	back := "/shares?" + url.Values{"org": {string(org)}}.Encode()
	err = p.letIn(c, deed, ui.T(ctx, "share.link", "To", f.To), ask.Question{Title: ui.T(ctx, "share.sure", "To", f.To), Text: ui.T(ctx, "portal.sure.text"), Action: "/shares",
		Hidden: ask.Hidden("org", string(org), "device", f.Device, "to", f.To, "role", f.Role, "until", f.Until, "reason", f.Reason),
		Yes:    ui.T(ctx, "share.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: back})
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerShares(c, http.StatusUnprocessableEntity, f, lendForm{})
	}
	return err
}

// lend names a deputy, once the viewer has seen what that comes to.
func (p *Portal) lend(c echo.Context) error {
	ctx := c.Request().Context()
	f := lendForm{Leans: c.FormValue("leans"), To: strings.TrimSpace(c.FormValue("to")), Role: c.FormValue("role"), Until: c.FormValue("until"), Reason: strings.TrimSpace(c.FormValue("reason"))}
	leans, err := iam.ParseAssignmentID(f.Leans)
	if err != nil {
		return err
	}
	r := orgs.LendRequest{Leans: leans, To: f.To, Role: f.Role, Until: form.Moment(f.Until), Reason: f.Reason}
	deed := func(ctx context.Context) (orgs.LetIn, error) { return p.Orgs.Lend(ctx, r) }
	err = p.letIn(c, deed, ui.T(ctx, "share.lend.link", "To", f.To), ask.Question{Title: ui.T(ctx, "share.lend.sure", "To", f.To), Text: ui.T(ctx, "portal.sure.text"), Action: "/deputies",
		Hidden: ask.Hidden("leans", f.Leans, "to", f.To, "role", f.Role, "until", f.Until, "reason", f.Reason),
		Yes:    ui.T(ctx, "share.lend.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: "/shares"})
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerShares(c, http.StatusUnprocessableEntity, shareForm{Role: string(policies.Viewer)}, f)
	}
	return err
}

func (p *Portal) endShare(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := iam.ParseAssignmentID(c.Param("id"))
	if err != nil {
		return err
	}
	return ask.Before(c, p.Frame, func(ctx context.Context) error { return p.Orgs.EndShare(ctx, id, orgs.With{}) }, ask.Question{
		Title: ui.T(ctx, "share.end.sure"), Text: ui.T(ctx, "portal.sure.text"), Action: "/shares/" + string(id) + "/end",
		Yes: ui.T(ctx, "share.end"), No: ui.T(ctx, "portal.sure.no"), NoHref: "/shares", Danger: true})
}

func (p *Portal) answerShare(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := iam.ParseAssignmentID(c.Param("id"))
	if err != nil {
		return err
	}
	if c.FormValue("yes") != "" {
		err = p.Orgs.AcceptShare(ctx, id)
	} else {
		err = p.Orgs.DeclineShare(ctx, id, orgs.With{})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/shares")
}

// mountShares adds what lets others in.
func (p *Portal) mountShares(g *echo.Group) {
	g.GET("/shares", p.shares)
	g.HEAD("/shares", p.shares)
	fresh := p.Frame.Door.Fresh
	g.POST("/shares", p.share, fresh)
	g.POST("/shares/:id/end", p.endShare, fresh)
	g.POST("/shares/:id/answer", p.answerShare, fresh)
	g.POST("/deputies", p.lend, fresh)
}

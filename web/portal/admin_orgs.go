package portal

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// adminOrgs lists the organisations of the installation, open or shut.
func (p *Portal) adminOrgs(c echo.Context) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "admin.orgs"), "admin-orgs")
	if err != nil {
		return err
	}
	v := adminOrgsPage{Find: form.Words(c.QueryParam("q")), State: c.QueryParam("state"), States: orgStates(ctx)}
	f := orgs.TenantFilter{Find: v.Find, State: orgs.State(v.State), Limit: adminAtOnce + 1}
	if s := c.QueryParam("after"); s != "" {
		if f.After, err = iam.ParseOrgID(s); err != nil {
			return err
		}
	}
	list, err := p.Orgs.Tenants(ctx, f)
	if err != nil {
		return err
	}
	q := adminQuery("q", v.Find, "state", v.State)
	if f.After != "" {
		v.First = "/admin/orgs?" + q.Encode()
	}
	if len(list) > adminAtOnce {
		list = list[:adminAtOnce]
		v.Next = adminNext("/admin/orgs", q, string(list[adminAtOnce-1].ID))
	}
	for _, o := range list {
		v.Lines = append(v.Lines, listedOrg(ctx, o))
	}
	return show.Page(c, http.StatusOK, adminOrgsView(h.Page, v))
}

func orgStates(ctx context.Context) []ui.Option {
	all := []ui.Option{{Label: ui.T(ctx, "admin.state.any")}}
	for _, s := range []orgs.State{orgs.Active, orgs.Suspended, orgs.Closed} {
		word, _ := orgStateWord(ctx, s)
		all = append(all, ui.Option{Value: string(s), Label: word})
	}
	return all
}

func listedOrg(ctx context.Context, o orgs.Listed) adminOrg {
	l := adminOrg{ID: string(o.ID), Name: o.Name, Slug: o.Slug, People: countWord(o.People), Devices: countWord(o.Devices), Since: o.CreatedAt, Open: o.State == orgs.Active}
	l.State.Word, l.State.Kind = orgStateWord(ctx, o.State)
	if !o.Until.IsZero() {
		l.State.Text = ui.T(ctx, "place.state.until", "When", ui.Moment(ctx, o.Until))
	}
	return l
}

// adminOrg is the page of one organisation, for who looks after the installation.
func (p *Portal) adminOrg(c echo.Context) error { return p.answerAdminOrg(c, http.StatusOK, "") }

func (p *Portal) answerAdminOrg(c echo.Context, status int, trouble string) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, "", "admin-orgs")
	if err != nil {
		return err
	}
	o, err := p.tenantListed(c)
	if err != nil {
		return err
	}
	v := adminOrgPage{adminOrg: listedOrg(ctx, o), Find: form.Words(c.QueryParam("q")), Trouble: trouble, Changes: p.Decider.May(ctx, policies.ManageOrg, o.ID), Sees: p.Decider.May(ctx, policies.ReadPeople, o.ID)}
	if v.Breaks = p.Orgs.MayBreakGlass(ctx, o.ID); v.Breaks {
		list, err := p.Orgs.Secrets(ctx, o.ID, v.Find)
		if err != nil {
			return err
		}
		for _, s := range list {
			v.Secrets = append(v.Secrets, adminSecret{Kind: secretWord(ctx, s), Name: s.Name, Place: s.OrgName, Href: secretPath(o.ID, s.SecretRef)})
		}
	}
	h.Page.Title = o.Name
	return show.Page(c, status, adminOrgView(h.Page, v))
}

func (p *Portal) tenantListed(c echo.Context) (orgs.Listed, error) {
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return orgs.Listed{}, err
	}
	return p.Orgs.TenantListed(c.Request().Context(), id)
}

// turnTenant suspends an organisation, or opens it again.
func (p *Portal) turnTenant(c echo.Context) error {
	ctx := c.Request().Context()
	o, err := p.tenantListed(c)
	if err != nil {
		return err
	}
	back := "/admin/orgs/" + string(o.ID)
	w := orgs.With{Reason: strings.TrimSpace(c.FormValue("reason"))}
	q := ask.Question{Title: ui.T(ctx, "place.suspend.sure", "Org", o.Name), Text: ui.T(ctx, "admin.suspend.text"), Danger: true, Yes: ui.T(ctx, "place.suspend"),
		Action: back + "/state", Hidden: ask.Hidden("to", c.FormValue("to"), "reason", w.Reason), No: ui.T(ctx, "portal.sure.no"), NoHref: back, Active: "admin-orgs"}
	deed := func(ctx context.Context) error { return p.Orgs.Suspend(ctx, o.ID, w) }
	if c.FormValue("to") == "open" {
		deed = func(ctx context.Context) error { return p.Orgs.Resume(ctx, o.ID, w) }
		q.Title, q.Text, q.Yes, q.Danger = ui.T(ctx, "place.resume.sure", "Org", o.Name), ui.T(ctx, "portal.sure.text"), ui.T(ctx, "place.resume"), false
	}
	err = ask.Before(c, p.Frame, deed, q)
	if errors.Is(err, orgs.ErrChanged) {
		return p.answerAdminOrg(c, http.StatusPreconditionFailed, fault.Of(err).Sentence)
	}
	return err
}

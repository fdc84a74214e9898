package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// mountTransfers adds what hands devices over to other organisations.
func (p *Portal) mountTransfers(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/transfers": p.transfers, "/devices/:id/hand-over": p.askHandOver} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	fresh := p.Frame.Door.Fresh
	g.POST("/devices/:id/hand-over", p.handOver, fresh)
	g.POST("/transfers/:id/accept", p.acceptTransfer, fresh)
	g.POST("/transfers/:id/decline", p.declineTransfer)
	g.POST("/transfers/:id/cancel", p.cancelTransfer)
}

// transfers lists the devices that are on offer, to the viewer or by him.
func (p *Portal) transfers(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "place.transfers"), "devices")
	if err != nil {
		return err
	}
	in, out, err := p.Devices.Transfers(ctx)
	if err != nil {
		return err
	}
	v := transfersPage{Org: string(h.Org.ID)}
	for _, t := range in {
		l := transferOf(t, t.TenantName)
		if l.Places, err = p.homesIn(ctx, t.To); err != nil {
			return err
		}
		v.In = append(v.In, l)
	}
	for _, t := range out {
		v.Out = append(v.Out, transferOf(t, t.ToName))
	}
	h.Page.Path = "/transfers"
	return show.Page(c, http.StatusOK, transfersView(h.Page, v))
}

func transferOf(t devices.Transfer, with string) transferLine {
	return transferLine{ID: string(t.ID), Device: t.Name, Serial: t.Serial, With: with, By: t.ByName, Reason: t.Reason, Until: t.ExpiresAt}
}

// homesIn are the places of a tenant that could take a device over.
func (p *Portal) homesIn(ctx context.Context, tenant iam.OrgID) (all []ui.Option, err error) {
	list, err := p.Orgs.Places(ctx, policies.TransferDevice)
	for _, o := range list {
		if o.Tenant == tenant {
			all = append(all, ui.Option{Value: string(o.ID), Label: o.Name})
		}
	}
	return all, err
}

func (p *Portal) askHandOver(c echo.Context) error {
	return p.answerHandOver(c, http.StatusOK, handOverForm{})
}

func (p *Portal) answerHandOver(c echo.Context, status int, f handOverForm) error {
	ctx := c.Request().Context()
	d, err := p.named(c)
	if err != nil {
		return err
	}
	if err := p.Decider.RequireDevice(ctx, policies.TransferDevice, d.Org, d.ID); err != nil {
		return err
	}
	h, err := p.Frame.In(c, d.Org, d.Name, "devices")
	if err != nil {
		return err
	}
	h.Page.Path = "/devices/" + string(d.ID) + "/hand-over"
	return show.Page(c, status, handOverView(h.Page, string(d.ID), d.Name, f))
}

// handOver shows what another organisation's taking over will change, and makes
// the offer when that is wanted.
func (p *Portal) handOver(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := p.named(c)
	if err != nil {
		return err
	}
	f := handOverForm{To: strings.TrimSpace(c.FormValue("to")), Reason: strings.TrimSpace(c.FormValue("reason"))}
	err = ask.Before(c, p.Frame, func(ctx context.Context) error {
		_, err := p.Devices.OfferTransfer(ctx, d.ID, f.To, orgs.With{Reason: f.Reason})
		return err
	}, ask.Question{Title: ui.T(ctx, "place.handover.sure", "Name", d.Name, "To", f.To), Text: ui.T(ctx, "place.handover.later"), Action: "/devices/" + string(d.ID) + "/hand-over",
		Hidden: ask.Hidden("to", f.To, "reason", f.Reason), Yes: ui.T(ctx, "place.handover.do"), No: ui.T(ctx, "portal.sure.no"), NoHref: "/transfers", Active: "devices", Danger: true})
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerHandOver(c, http.StatusUnprocessableEntity, f)
	}
	return err
}

// acceptTransfer takes a device over into one of the viewer's places.
func (p *Portal) acceptTransfer(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := iam.ParseTransferID(c.Param("id"))
	if err != nil {
		return err
	}
	into, err := iam.ParseOrgID(c.FormValue("into"))
	if err != nil {
		return err
	}
	if c.FormValue("sure") != "" {
		device, err := p.Devices.AcceptTransfer(ctx, id, into)
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/devices/"+string(device))
	}
	place, err := p.Orgs.Get(ctx, into)
	if err != nil {
		return err
	}
	return ask.Before(c, p.Frame, func(ctx context.Context) error {
		_, err := p.Devices.AcceptTransfer(ctx, id, into)
		return err
	}, ask.Question{Title: ui.T(ctx, "place.accept.sure", "Org", place.Name), Text: ui.T(ctx, "place.accept.text"), Action: "/transfers/" + string(id) + "/accept",
		Hidden: ask.Hidden("into", string(into)), Yes: ui.T(ctx, "place.accept"), No: ui.T(ctx, "portal.sure.no"), NoHref: "/transfers", Active: "devices"})
}

func (p *Portal) declineTransfer(c echo.Context) error {
	return p.endTransfer(c, p.Devices.DeclineTransfer)
}

func (p *Portal) cancelTransfer(c echo.Context) error {
	return p.endTransfer(c, p.Devices.CancelTransfer)
}

func (p *Portal) endTransfer(c echo.Context, end func(context.Context, iam.TransferID) error) error {
	id, err := iam.ParseTransferID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := end(c.Request().Context(), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/transfers")
}

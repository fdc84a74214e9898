package agents

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/token"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// termsHere is the frame of a page about a whole organisation's agents, and the
// organisation: that of the place which the address or the form names.
func (p *Pages) termsHere(c echo.Context) (h frame.Here, tenant iam.OrgID, err error) {
	ctx := c.Request().Context()
	if h, err = p.forMaking(c, c.FormValue("org"), ui.T(ctx, "agents.terms")); err != nil {
		return h, "", err
	}
	tenant, err = p.Decider.TenantOf(ctx, h.Org.ID)
	h.Page.Path = termsPath(tenant)
	return h, tenant, err
}

func termsPath(tenant iam.OrgID) string { return "/agents/terms?org=" + string(tenant) }

// terms shows how an organisation's agents are treated.
func (p *Pages) terms(c echo.Context) error { return p.answerTerms(c, http.StatusOK, "") }

func (p *Pages) answerTerms(c echo.Context, status int, wrong string) error {
	ctx := c.Request().Context()
	h, tenant, err := p.termsHere(c)
	if err != nil {
		return err
	}
	t, q, err := p.Agents.ReadTerms(ctx, tenant)
	if err != nil {
		return err
	}
	v := termsPage{Terms: t, Quota: q, Tenant: string(tenant), Wrong: wrong, Lives: lives(t.Token), Back: ui.Crumb{Name: ui.T(ctx, "agents.title"), Href: "/agents?org=" + string(tenant)}}
	if v.Signer, err = p.Agents.SignerOf(ctx, tenant); err != nil {
		return err
	}
	return show.Page(c, status, termsView(h.Page, v))
}

// lives are how long an access token may live, with the one that it has.
func lives(now time.Duration) (all []ui.Option) {
	usual := []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour}
	if !slices.Contains(usual, now) {
		usual = append(usual, now)
		slices.Sort(usual)
	}
	for _, d := range usual {
		all = append(all, ui.Option{Value: strconv.Itoa(int(d / time.Second)), Label: show.Every(d)})
	}
	return all
}

func (p *Pages) setTerms(c echo.Context) error {
	_, tenant, err := p.termsHere(c)
	if err != nil {
		return err
	}
	seconds, _ := strconv.Atoi(c.FormValue("token")) // what is no number is no length either
	t := agents.Terms{Alg: token.Alg(c.FormValue("alg")), Token: time.Duration(seconds) * time.Second, Replays: c.FormValue("replays") != ""}
	if err := p.Agents.SetTerms(c.Request().Context(), tenant, t); err != nil {
		if _, sentence, ok := misstated(err); ok {
			return p.answerTerms(c, http.StatusUnprocessableEntity, sentence)
		}
		return err
	}
	return c.Redirect(http.StatusSeeOther, termsPath(tenant))
}

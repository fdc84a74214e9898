package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/notify"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

func (p *Portal) mountWebhooks(g *echo.Group) {
	g.GET("/orgs/:id/webhooks", p.webhooks)
	g.HEAD("/orgs/:id/webhooks", p.webhooks)
	g.POST("/orgs/:id/webhooks", p.makeWebhook, p.Frame.Door.Fresh)
	g.POST("/orgs/:id/webhooks/:hook/test", p.testWebhook)
	g.POST("/orgs/:id/webhooks/:hook/remove", p.removeWebhook)
}

func (p *Portal) webhooks(c echo.Context) error {
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	return p.answerWebhooks(c, http.StatusOK, h, webhookPage{})
}

func (p *Portal) answerWebhooks(c echo.Context, status int, h frame.Here, v webhookPage) error {
	ctx := c.Request().Context()
	v.At = "/orgs/" + string(h.Org.ID)
	v.Back = ui.Crumb{Name: h.Org.Name, Href: v.At}
	list, err := p.Webhooks.List(ctx, h.Org.ID)
	if err != nil {
		return err
	}
	var makers []iam.UserID
	for _, w := range list {
		makers = append(makers, iam.UserID(w.By))
	}
	names, err := p.Users.Names(ctx, makers)
	if err != nil {
		return err
	}
	for _, w := range list {
		calls, err := p.Webhooks.Hooks.Calls(ctx, w.ID)
		if err != nil {
			return err
		}
		by := iam.UserID(w.By)
		v.Hooks = append(v.Hooks, webhookLine{ID: w.ID, Host: w.Host, By: names[by].Name, Calls: callLines(ctx, calls),
			Mute: !p.Decider.MayUser(ctx, by, policies.ReadDevice, h.Org.ID, "")})
	}
	h.Page.Title = ui.T(ctx, "view.hook.title")
	return show.Page(c, status, webhookView(h.Page, v))
}

func callLines(ctx context.Context, calls []notify.HookCall) (all []callLine) {
	for _, k := range calls {
		l := callLine{Kind: callKind(ctx, k.Kind), At: k.Created, Answer: k.Answer, Tries: int(k.Tries)}
		switch {
		case k.State == "sent":
			l.State = ui.T(ctx, "view.hook.sent")
		case k.State == "failed":
			l.State = ui.T(ctx, "view.hook.failed")
		case k.Tries > 0:
			l.State = ui.T(ctx, "view.hook.again")
		default:
			l.State = ui.T(ctx, "view.hook.waiting")
		}
		switch k.Answer {
		case "inward":
			l.Answer = ui.T(ctx, "view.hook.inward")
		case "slow":
			l.Answer = ui.T(ctx, "view.hook.slow")
		case "unreachable", "address":
			l.Answer = ui.T(ctx, "view.hook.unreachable")
		}
		all = append(all, l)
	}
	return all
}

func callKind(ctx context.Context, kind string) string {
	switch kind {
	case "device-silent":
		return ui.T(ctx, "view.hook.kind.silent")
	case "device-back":
		return ui.T(ctx, "view.hook.kind.back")
	}
	return ui.T(ctx, "view.hook.kind.test")
}

// makeWebhook shows the secret of a new webhook, this once.
func (p *Portal) makeWebhook(c echo.Context) error {
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	address := strings.TrimSpace(c.FormValue("url"))
	_, secret, err := p.Webhooks.Make(c.Request().Context(), h.Org.ID, address)
	if f := fault.Of(err); f != nil && f.Code == notify.ErrHookURL.Code {
		return p.answerWebhooks(c, http.StatusUnprocessableEntity, h, webhookPage{URL: address, Wrong: f.Sentence})
	}
	if err != nil {
		return err
	}
	return p.answerWebhooks(c, http.StatusOK, h, webhookPage{Secret: secret.Reveal()})
}

func (p *Portal) testWebhook(c echo.Context) error { return p.toWebhook(c, p.Webhooks.Test) }

func (p *Portal) removeWebhook(c echo.Context) error { return p.toWebhook(c, p.Webhooks.Remove) }

func (p *Portal) toWebhook(c echo.Context, deed func(context.Context, iam.OrgID, string) error) error {
	org, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := deed(c.Request().Context(), org, c.Param("hook")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/orgs/"+string(org)+"/webhooks")
}

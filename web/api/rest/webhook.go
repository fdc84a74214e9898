package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/notify"
)

func (a *API) webhooks(g *echo.Group) {
	g.GET("/orgs/:org/webhooks", listIn("webhooks", "org", iam.ParseOrgID, a.hooks.List, webhookOf, func(w webhook) string { return w.ID }), paged())
	g.POST("/orgs/:org/webhooks", a.makeWebhook, a.fresh, a.once, known())
	g.DELETE("/orgs/:org/webhooks/:webhook", doesIn("org", iam.ParseOrgID, "webhook", wordID, a.hooks.Remove), known())
	g.POST("/orgs/:org/webhooks/:webhook/test", doesIn("org", iam.ParseOrgID, "webhook", wordID, a.hooks.Test), known())
	g.POST("/webhooks/:webhook/again", counts("webhook", wordID, a.hooks.Again), known())
	g.POST("/webhooks/:webhook/let_go", counts("webhook", wordID, a.hooks.LetGo), known())
	g.GET("/orgs/:org/webhooks/:webhook/calls", a.webhookCalls, paged())
}

// webhook is an address that is told what happens in a place; of the address only
// the host is told, and Secret is there only when it is made.
type webhook struct {
	ID        string    `json:"id"`
	Host      string    `json:"host"`
	By        string    `json:"made_by"`
	CreatedAt time.Time `json:"created_at"`
	Secret    string    `json:"secret,omitzero"`
}

func webhookOf(h notify.Hook) webhook {
	return webhook{ID: h.ID, Host: h.Host, By: h.By, CreatedAt: h.Created}
}

func (a *API) makeWebhook(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		URL string `json:"url"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	made, secret, err := a.hooks.Make(c.Request().Context(), org, in.URL)
	if err != nil {
		return err
	}
	out := webhookOf(made)
	out.Secret = secret.Reveal()
	return say(c, http.StatusCreated, out)
}

// webhookCall is one thing that a webhook was told, or is to be.
type webhookCall struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	State     string    `json:"state"`
	Tries     int64     `json:"tries"`
	Answer    string    `json:"answer,omitzero"` // a status, or what went wrong
	CreatedAt time.Time `json:"created_at"`
	TriedAt   time.Time `json:"tried_at,omitzero"`
}

func (a *API) webhookCalls(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	hook, err := id(c, "webhook", wordID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	all := func() ([]notify.HookCall, error) { return a.callsOf(ctx, org, hook) }
	as := func(k notify.HookCall) webhookCall {
		return webhookCall{k.ID, k.Kind, k.State, k.Tries, k.Answer, k.Created, k.Tried}
	}
	return listOf(c, "webhook_calls", all, as, func(k webhookCall) string { return k.ID })
}

// callsOf are the last calls of a webhook of the place, for who may know it.
func (a *API) callsOf(ctx context.Context, org iam.OrgID, hook string) ([]notify.HookCall, error) {
	list, err := a.hooks.List(ctx, org)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		if h.ID == hook {
			return a.hooks.Hooks.Calls(ctx, hook)
		}
	}
	return nil, notify.ErrHook
}

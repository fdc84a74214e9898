package agentmgmt

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/policies"
)

// Who may come to an address.
type who int

const (
	admin   who = 1 << iota // people and services
	agent                   // an agent, for itself
	anybody = admin | agent
)

type agentKey struct{}

// itself is the agent that asks, if one does.
func itself(ctx context.Context) (a agents.Agent, ok bool) {
	a, ok = ctx.Value(agentKey{}).(agents.Agent)
	return a, ok
}

// as finds out who asks and puts him into the request's context.
func (h *Handler) as(may who, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, err := h.know(c, may)
		if err != nil {
			return err
		}
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

func (h *Handler) know(c echo.Context, may who) (context.Context, error) {
	ctx := c.Request().Context()
	raw := bearer(c)
	if raw == "" {
		return nil, errBearer
	}
	if agents.IsAccess(raw) {
		a, err := h.Agents.Access(ctx, raw)
		if err != nil {
			return nil, err
		}
		if may&agent == 0 {
			return nil, policies.ErrRefused
		}
		if err := h.Agents.Admit(a, h.caller(c)); err != nil {
			return nil, err
		}
		return context.WithValue(a.As(ctx), agentKey{}, a), nil
	}
	if may&admin == 0 {
		return nil, policies.ErrRefused
	}
	return h.Admins.Enter(ctx, raw, h.caller(c).Source)
}

// bearer is the token of the Authorization header, or "".
func bearer(c echo.Context) string {
	scheme, raw, ok := strings.Cut(c.Request().Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.Clone(strings.TrimSpace(raw))
}

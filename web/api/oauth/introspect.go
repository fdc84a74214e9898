package oauth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

// introspect tells an authenticated service whether a token is accepted, and
// nothing more (RFC 7662). A token of an agent that the service may not see is
// none to it.
func (h *Handler) introspect(c echo.Context) error {
	ctx, b, form, err := h.client(c)
	if err != nil {
		return err
	}
	raw, active := form.Get("token"), false
	if raw == "" {
		return errRequest
	}
	if agents.IsAccess(raw) {
		active = h.Agents.Accepts(ctx, raw)
	} else if cl, err := h.check(ctx, raw); err == nil && cl.Ten == b.Tenant {
		_, _, err := h.Clients.EnterAgain(ctx, cl.Token, h.source(c))
		active = err == nil
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, map[string]bool{"active": active})
}

// revoke ends an access token (RFC 7009): a service account its own, or one of
// an agent that it manages. Whatever it was, the answer is 200.
func (h *Handler) revoke(c echo.Context) error {
	ctx, b, form, err := h.client(c)
	if err != nil {
		return err
	}
	raw := form.Get("token")
	if raw == "" {
		return errRequest
	}
	if agents.IsAccess(raw) {
		err = h.Agents.Revoke(ctx, raw)
	} else if cl, e := h.check(ctx, raw); e == nil && cl.Sub == b.Holder.ID {
		err = h.Agents.RevokeJTI(ctx, cl.Jti, cl.Exp)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusOK)
}

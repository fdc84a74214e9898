// Package agentmgmt is the door for industrial agents and for those who make
// them: agent management v3 with the services beside it that its clients use,
// byte for byte as those clients expect. It decides nothing.
package agentmgmt

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/token"
	"halfkey/web/peer"
)

// Handler serves the agents' doors.
type Handler struct {
	Agents      *agents.Service
	Keys        *token.Keys
	Admins      Admins
	Trusted     peer.Trusted // proxies whose word on addresses and on HTTPS counts
	AcceptPlain bool         // agents may come over plain HTTP from anywhere, not from this machine alone
	Log         *slog.Logger
}

// Admins finds out who acts with a bearer token that is no agent's, and gives
// the context in which he acts.
type Admins interface {
	Enter(ctx context.Context, bearer, source string) (context.Context, error)
}

// ErrPlain refuses what came over a line that anybody can read.
var ErrPlain = fault.New(fault.Refused, "agent-plain-http", "Agents come over HTTPS. Plain HTTP is answered on this machine, and elsewhere where agents.plain_http allows it.")

const (
	management = "/api/agentmanagement/v3"
	connect    = "/api/mindconnect/v3"
	eventing   = "/api/eventmanagement/v3"
	filing     = "/api/iotfile/v3"
	assetting  = "/api/assetmanagement/v3"
)

// route is one address with what it takes.
type route struct {
	method, path string
	handle       echo.HandlerFunc
}

// Mount hangs the doors on e, at the root and below each tenant's own address.
func (h *Handler) Mount(e *echo.Echo) {
	for _, prefix := range []string{"", agents.TenantPath + ":tenant"} {
		seen := map[string]bool{}
		routes := append(h.iam(), h.plain()...)
		for _, r := range routes {
			if !seen[r.path] {
				seen[r.path] = true
				e.Any(prefix+r.path, h.guard(h.answer(notAllowed)))
			}
		}
		for _, r := range h.iam() {
			e.Add(r.method, prefix+r.path, h.guard(h.answerOAuth(r.handle)))
		}
		for _, r := range h.plain() {
			e.Add(r.method, prefix+r.path, h.guard(h.answer(r.handle)))
		}
	}
}

// iam are the three calls whose failures are OAuth's.
func (h *Handler) iam() []route {
	return []route{
		{http.MethodPost, management + "/register", h.register},
		{http.MethodPut, management + "/register/:id", h.renew},
		{http.MethodPost, management + "/oauth/token", h.token},
	}
}

func (h *Handler) plain() []route {
	return []route{
		{http.MethodGet, management + "/oauth/token_key", h.tokenKey},
		{http.MethodPost, management + "/agents", h.as(admin, h.create)},
		{http.MethodGet, management + "/agents", h.as(admin, h.list)},
		{http.MethodGet, management + "/agents/:id", h.as(admin, h.get)},
		{http.MethodPut, management + "/agents/:id", h.as(admin, h.change)},
		{http.MethodDelete, management + "/agents/:id", h.as(admin, h.remove)},
		{http.MethodGet, management + "/agents/:id/status", h.as(anybody, h.status)},
		{http.MethodGet, management + "/agents/:id/boarding/status", h.as(anybody, h.boardingStatus)},
		{http.MethodGet, management + "/agents/:id/boarding/configuration", h.as(admin, h.boardingConfiguration)},
		{http.MethodPost, management + "/agents/:id/boarding/offboard", h.as(admin, h.offboard)},
		{http.MethodGet, management + "/agents/:id/dataSourceConfiguration", h.as(anybody, h.sources)},
		{http.MethodPut, management + "/agents/:id/dataSourceConfiguration", h.as(anybody, h.configure)},
		{http.MethodGet, management + "/terms/:org", h.as(admin, h.terms)},
		{http.MethodPut, management + "/terms/:org", h.as(admin, h.setTerms)},
		{http.MethodPost, management + "/terms/:org/key", h.as(admin, h.rotateKey)},
		{http.MethodPost, connect + "/exchange", h.as(agent, h.exchange)},
		{http.MethodPost, connect + "/dataPointMappings", h.as(anybody, h.makeMapping)},
		{http.MethodGet, connect + "/dataPointMappings", h.as(anybody, h.mappings)},
		{http.MethodDelete, connect + "/dataPointMappings/:id", h.as(anybody, h.dropMapping)},
		{http.MethodPost, eventing + "/events", h.as(anybody, h.makeEvent)},
		{http.MethodGet, eventing + "/events", h.as(anybody, h.events)},
		{http.MethodGet, eventing + "/events/:id", h.as(anybody, h.event)},
		{http.MethodGet, filing + "/files/:id", h.as(anybody, h.files)},
		{http.MethodPut, filing + "/files/:id/*", h.as(anybody, h.upload)},
		{http.MethodGet, filing + "/files/:id/*", h.as(anybody, h.download)},
		{http.MethodDelete, filing + "/files/:id/*", h.as(anybody, h.dropFile)},
		{http.MethodGet, assetting + "/assets/root", h.as(admin, h.rootAsset)},
		{http.MethodGet, assetting + "/assets/:id", h.as(admin, h.asset)},
		{http.MethodPost, assetting + "/assets", h.as(admin, h.createAsset)},
	}
}

// guard keeps out what came over plain HTTP, before anything of it is read, and
// names the door and the request for the trail.
func (h *Handler) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		id := correlation(c)
		c.SetRequest(r.WithContext(audit.WithRequest(r.Context(), "agent", id)))
		c.Response().Header().Set("Cache-Control", "no-store")
		if !h.AcceptPlain && !peer.Secure(r, h.Trusted) && !peer.Address(r, h.Trusted).IsLoopback() {
			return h.fail(c, ErrPlain)
		}
		return next(c)
	}
}

// correlation is the caller's own id for the request, if it is one, or ours.
func correlation(c echo.Context) string {
	if id, ok := c.Get("correlation").(string); ok {
		return id
	}
	id := strings.Clone(c.Request().Header.Get("Correlation-ID"))
	if len(id) < 8 || len(id) > 64 || strings.Trim(strings.ToLower(id), "0123456789abcdefghijklmnopqrstuvwxyz-") != "" {
		if id = c.Response().Header().Get(echo.HeaderXRequestID); id == "" {
			id = iam.NewID()
		}
	}
	c.Set("correlation", id)
	return id
}

func (h *Handler) caller(c echo.Context) agents.Caller {
	address := peer.Address(c.Request(), h.Trusted)
	by := agents.Caller{Address: address, Source: peer.Source(address)}
	if id, err := iam.ParseOrgID(c.Param("tenant")); err == nil {
		by.Tenant = id
	}
	return by
}

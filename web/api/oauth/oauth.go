// Package oauth is the door of OAuth's own addresses: tokens for service
// accounts, the keys that check our tokens, what is known of a token, and its
// end. Agents have their own token endpoint beside.
package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/token"
	"halfkey/web/peer"
	"halfkey/web/problem"
)

// Handler serves these addresses.
type Handler struct {
	Clients Clients
	Keys    *token.Keys
	Agents  *agents.Service
	BaseURL func(context.Context) string // absolute, without a slash at the end
	Trusted peer.Trusted
	Plain   bool // plain HTTP is answered from anywhere
	Now     func() time.Time
	Log     *slog.Logger
}

// Clients knows service accounts and the tokens that are their secrets.
type Clients interface {
	// Authenticate takes a client id and its secret.
	Authenticate(ctx context.Context, id, secret, source string) (context.Context, iam.Bearer, error)
	// EnterAgain is for who did that before with the token of this id.
	EnterAgain(ctx context.Context, token iam.TokenID, source string) (context.Context, iam.Bearer, error)
	// Enter takes a token of a person or service account as it stands.
	Enter(ctx context.Context, text, source string) (context.Context, iam.Bearer, error)
}

// What these addresses answer besides success; the codes of RFC 6749.
var (
	errClient  = fault.New(fault.Unauthenticated, "invalid_client", "The client is not who it says, or may not.")
	errGrant   = fault.New(fault.Malformed, "unsupported_grant_type", "The grant type is client_credentials.")
	errRequest = fault.New(fault.Malformed, "invalid_request", "The request cannot be read.")
	errPlain   = fault.New(fault.Refused, "invalid_request", "Secrets come over HTTPS. Plain HTTP is answered on this machine, and elsewhere where agents.plain_http allows it.")
	errMethod  = fault.New(fault.Malformed, "invalid_request", "This address does not take that method.")
)

// Mount hangs the addresses on e.
func (h *Handler) Mount(e *echo.Echo) {
	for _, r := range []struct {
		method, path string
		handle       echo.HandlerFunc
	}{
		{http.MethodPost, "/oauth/token", h.token},
		{http.MethodPost, "/oauth/introspect", h.introspect},
		{http.MethodPost, "/oauth/revoke", h.revoke},
		{http.MethodGet, "/token_keys", h.tokenKeys},
		{http.MethodGet, "/.well-known/jwks.json", h.jwks},
		{http.MethodGet, "/.well-known/oauth-authorization-server", h.metadata},
		{http.MethodGet, agents.TenantPath + ":tenant/.well-known/jwks.json", h.jwks},
	} {
		e.Any(r.path, h.answer(func(c echo.Context) error {
			c.Response().Header().Set("Allow", r.method)
			return errMethod
		}))
		e.Add(r.method, r.path, h.answer(r.handle))
	}
}

type failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (h *Handler) answer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		id := c.Response().Header().Get(echo.HeaderXRequestID)
		c.SetRequest(r.WithContext(audit.WithRequest(r.Context(), "oauth", id)))
		err := next(c)
		if err == nil || c.Response().Committed {
			return nil
		}
		f := fault.Of(err)
		header := c.Response().Header()
		header.Set("Cache-Control", "no-store")
		if after := problem.RetryAfter(f.RetryAfter); after != "" {
			header.Set("Retry-After", after)
		}
		status, code := f.Kind.Status(), "invalid_request"
		switch {
		case f.Code == errClient.Code, f.Code == errGrant.Code:
			code = f.Code
		case f.Kind == fault.TooMany:
			code = "slow_down"
		case status >= 500:
			code = "server_error"
			h.Log.Error("request failed", "route", c.Path(), "request", id, "error", f)
		}
		if errors.Is(f, errMethod) && header.Get("Allow") != "" {
			status = http.StatusMethodNotAllowed
		}
		if status == http.StatusUnauthorized {
			header.Set("WWW-Authenticate", `Basic realm="Halfkey"`)
		}
		return c.JSON(status, failure{code, f.Sentence + " [" + id + "]"})
	}
}

func (h *Handler) source(c echo.Context) string {
	return peer.Source(peer.Address(c.Request(), h.Trusted))
}

// overTLS refuses a secret that came over a line which anybody can read.
func (h *Handler) overTLS(c echo.Context) error {
	if r := c.Request(); h.Plain || peer.Secure(r, h.Trusted) || peer.Address(r, h.Trusted).IsLoopback() {
		return nil
	}
	return errPlain
}

// formMost is the largest form, in bytes.
const formMost = 16 << 10

// client reads a form and finds out which service account sent it: by Basic
// (whose parts are form-encoded, RFC 6749 2.3.1) or by the form's own fields.
func (h *Handler) client(c echo.Context) (context.Context, iam.Bearer, url.Values, error) {
	if err := h.overTLS(c); err != nil {
		return nil, iam.Bearer{}, nil, err
	}
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, formMost)
	if err := r.ParseForm(); err != nil {
		return nil, iam.Bearer{}, nil, errRequest
	}
	id, secret, err := basic(r)
	if err != nil {
		return nil, iam.Bearer{}, nil, err
	}
	if id == "" {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	ctx, b, err := h.Clients.Authenticate(r.Context(), id, secret, h.source(c))
	if err != nil && fault.Of(err).Kind == fault.Unauthenticated {
		err = errClient
	}
	return ctx, b, r.PostForm, err
}

func basic(r *http.Request) (id, secret string, err error) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return "", "", nil
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", "", errClient
	}
	id, secret, _ = strings.Cut(string(plain), ":")
	for _, s := range []*string{&id, &secret} {
		if decoded, err := url.QueryUnescape(*s); err == nil {
			*s = decoded
		}
	}
	return id, secret, nil
}

package auth

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/web/peer"
)

// Bearers lets programs in that show a token (RFC 6750). Neither a cookie nor
// the page that a request came from counts for these.
type Bearers struct {
	Machines orgs.Machines
	Trusted  peer.Trusted // proxies
}

// ErrTokenMissing is what a program without a token hears.
var ErrTokenMissing = fault.New(fault.Unauthenticated, "token-missing", "Show a token: Authorization: Bearer hk_…")

// bearerOf is the token that a request shows; shows is false for a request
// without one, also when it proves itself in another way.
func bearerOf(r *http.Request) (token string, shows bool) {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return "", len(all) > 1 // of two nobody knows which counts: it is no token
	}
	scheme, token, _ := strings.Cut(all[0], " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// Need lets those in who show a token, as whom it belongs to.
func (b *Bearers) Need(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		token, shows := bearerOf(r)
		if !shows {
			challenge(c, "")
			return ErrTokenMissing
		}
		ctx := audit.WithRequest(r.Context(), "api", c.Response().Header().Get(echo.HeaderXRequestID))
		ctx, _, err := b.Machines.Enter(ctx, token, b.source(r))
		if err != nil {
			if fault.Of(err).Kind == fault.Unauthenticated {
				challenge(c, `, error="invalid_token"`)
			}
			return err
		}
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

// Or lets those in who show a token; who shows none goes the way of otherwise.
func (b *Bearers) Or(otherwise echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		withToken, without := b.Need(next), otherwise(next)
		return func(c echo.Context) error {
			if _, shows := bearerOf(c.Request()); shows {
				return withToken(c)
			}
			return without(c)
		}
	}
}

func (b *Bearers) source(r *http.Request) string { return peer.Source(peer.Address(r, b.Trusted)) }

// challenge tells a program how to prove itself.
func challenge(c echo.Context, more string) {
	c.Response().Header().Set("WWW-Authenticate", `Bearer realm="halfkey"`+more)
}

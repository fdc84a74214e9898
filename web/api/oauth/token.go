package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/token"
)

// life is how long a service account's access token works; it ends with the
// token that it was given for.
const life = time.Hour

// claims of an access token of a service account. Cat keeps it apart from an agent's.
type claims struct {
	Iss   string         `json:"iss"`
	Sub   string         `json:"sub"`
	Aud   token.Audience `json:"aud"`
	Iat   int64          `json:"iat"`
	Exp   int64          `json:"exp"`
	Jti   string         `json:"jti"`
	Cat   string         `json:"cat"`
	Ten   iam.OrgID      `json:"ten"`
	Token iam.TokenID    `json:"tok"` // the API token that it was given for, which is no secret
}

const (
	category = "client-token:v1"
	audience = "halfkey"
)

type granted struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
	JTI         string `json:"jti"`
}

// token gives a service account an access token for its id and one of its tokens.
func (h *Handler) token(c echo.Context) error {
	ctx, b, form, err := h.client(c)
	if err != nil {
		return err
	}
	if form.Get("grant_type") != "client_credentials" {
		return errGrant
	}
	now := h.Now()
	cl := claims{Iss: h.BaseURL(ctx), Sub: b.Holder.ID, Aud: token.Audience{audience}, Iat: now.Unix(), Exp: now.Add(life).Unix(), Jti: iam.NewID(),
		Cat: category, Ten: b.Tenant, Token: b.Token}
	raw, err := h.Keys.Sign(ctx, "", cl)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, granted{raw, "Bearer", int64(life.Seconds()), "", cl.Jti})
}

// Enter finds out who shows a bearer token, an access token or an API token as
// it stands, and gives the context in which he acts. It fails with iam.ErrToken.
func (h *Handler) Enter(ctx context.Context, bearer, source string) (context.Context, error) {
	if !strings.Contains(bearer, ".") {
		in, _, err := h.Clients.Enter(ctx, bearer, source)
		return in, err
	}
	cl, err := h.check(ctx, bearer)
	if err != nil {
		return ctx, err
	}
	in, _, err := h.Clients.EnterAgain(ctx, cl.Token, source)
	return in, err
}

// check reads an access token of a service account; iam.ErrToken for any other.
func (h *Handler) check(ctx context.Context, raw string) (cl claims, err error) {
	if _, err = h.Keys.Verify(ctx, raw, &cl); errors.Is(err, token.ErrForged) {
		return cl, iam.ErrToken.Because(err)
	}
	if err != nil {
		return cl, err
	}
	if cl.Cat != category || !cl.Aud.Has(audience) || cl.Exp <= h.Now().Unix() {
		return cl, iam.ErrToken
	}
	revoked, err := h.Agents.Revoked(ctx, cl.Jti)
	if err == nil && revoked {
		err = iam.ErrToken
	}
	return cl, err
}

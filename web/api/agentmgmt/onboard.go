package agentmgmt

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/token"
)

// registered is the answer to a registration and to its renewal.
type registered struct {
	ClientID   string   `json:"client_id"`
	Secret     string   `json:"client_secret,omitempty"`
	ExpiresAt  int64    `json:"client_secret_expires_at"` // seconds; the Node client wants it of RSA agents too, and never 0
	RAT        string   `json:"registration_access_token"`
	URI        string   `json:"registration_client_uri"`
	GrantTypes []string `json:"grant_types"`
	AuthMethod string   `json:"token_endpoint_auth_method"`
}

func answerOf(c agents.Credentials) registered {
	method := "client_secret_jwt"
	if c.Profile == agents.RSA3072 {
		method = "private_key_jwt"
	}
	return registered{string(c.Client), c.Secret.Reveal(), c.Expires.Unix(), c.RAT.Reveal(), c.URI, []string{"client_credentials"}, method}
}

// metadataMost is the largest body of a registration, in bytes.
const metadataMost = 64 << 10

// register answers 201 exactly: the clients take nothing else.
func (h *Handler) register(c echo.Context) error {
	body, err := readAll(c, metadataMost)
	if err != nil {
		return err
	}
	got, err := h.Agents.Register(c.Request().Context(), bearer(c), body, h.caller(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, answerOf(got))
}

// renew answers 200 exactly.
func (h *Handler) renew(c echo.Context) error {
	id, err := agents.ParseID(c.Param("id"))
	if err != nil {
		return agents.ErrToken
	}
	body, err := readAll(c, metadataMost)
	if err != nil {
		return err
	}
	got, err := h.Agents.Renew(c.Request().Context(), id, bearer(c), body, h.caller(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, answerOf(got))
}

// readAll reads a body of at most most bytes.
func readAll(c echo.Context, most int64) ([]byte, error) {
	r := c.Request()
	if r.ContentLength > most {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return nil, errBody.At("body", "ends before it is whole")
	}
	if int64(len(body)) > most {
		return nil, errTooLarge
	}
	return body, nil
}

type tokenKeyAnswer struct {
	token.JWK
	Value string `json:"value"`
}

// tokenKey tells the key that checks access tokens. Nobody says who asks, so a
// tenant with a key of its own asks at its own address.
func (h *Handler) tokenKey(c echo.Context) error {
	tenant := iam.OrgID("")
	if raw := c.Param("tenant"); raw != "" {
		var err error
		if tenant, err = iam.ParseOrgID(raw); err != nil {
			return err
		}
	}
	keys, err := h.Keys.Of(c.Request().Context(), tenant)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tokenKeyAnswer{keys[0].JWK(), keys[0].Line()})
}

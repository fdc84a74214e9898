package agentmgmt

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

type granted struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   int64    `json:"expires_in"`
	Scope       []string `json:"scope"` // an array, where RFC 6749 wants a text
	JTI         string   `json:"jti"`
}

const (
	formMost      = 16 << 10
	formType      = "application/x-www-form-urlencoded"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// token gives an access token for a signed assertion. Every failure of the
// client is 400: to the C client that means "rotate the key", 401 does not.
func (h *Handler) token(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	assertion, err := assertionIn(form)
	if err != nil {
		return err
	}
	got, err := h.Agents.Token(c.Request().Context(), assertion, h.caller(c))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Server-Time", wireTime(h.Agents.Now()))
	return c.JSON(http.StatusOK, granted{got.Token, "Bearer", int64(got.Expires.Seconds()), agents.Scope, got.JTI})
}

// readForm reads a form, also one whose colons and padding came as they are.
func readForm(c echo.Context) (url.Values, error) {
	if t, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); err != nil || t != formType {
		return nil, errForm.At("Content-Type", "is "+formType)
	}
	body, err := readAll(c, formMost)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(strings.TrimRight(string(body), "\r\n"))
	if err != nil {
		return nil, errForm.At("body", "is no form")
	}
	return form, nil
}

func assertionIn(form url.Values) (string, error) {
	for _, name := range []string{"grant_type", "client_assertion_type", "client_assertion"} {
		if len(form[name]) != 1 || form[name][0] == "" {
			return "", errForm.At(name, "is needed, once")
		}
	}
	if form.Get("grant_type") != "client_credentials" {
		return "", errGrantType
	}
	if form.Get("client_assertion_type") != assertionType {
		return "", errForm.At("client_assertion_type", "is "+assertionType)
	}
	return form.Get("client_assertion"), nil
}

package oauth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/token"
)

// wireKey is a key as the platform's command line reads it: PEM, with its lines.
type wireKey struct {
	token.JWK
	Value string `json:"value"`
}

// tokenKeys lists the keys that check our tokens. The command line looks at the
// first alone, so that is the one which signs.
func (h *Handler) tokenKeys(c echo.Context) error {
	keys, err := h.Keys.Of(c.Request().Context(), "")
	if err != nil {
		return err
	}
	list := make([]wireKey, len(keys))
	for i, k := range keys {
		list[i] = wireKey{k.JWK(), k.PEM()}
	}
	return c.JSON(http.StatusOK, map[string]any{"keys": list})
}

// jwks is the same as RFC 7517 has it; a tenant with a key of its own has an
// address of its own.
func (h *Handler) jwks(c echo.Context) error {
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
	list := make([]token.JWK, len(keys))
	for i, k := range keys {
		list[i] = k.JWK()
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.JSON(http.StatusOK, map[string]any{"keys": list})
}

// metadata says where everything is (RFC 8414).
func (h *Handler) metadata(c echo.Context) error {
	base := h.BaseURL(c.Request().Context())
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.JSON(http.StatusOK, map[string]any{
		"issuer":                                           base,
		"token_endpoint":                                   base + "/oauth/token",
		"jwks_uri":                                         base + "/.well-known/jwks.json",
		"registration_endpoint":                            base + "/api/agentmanagement/v3/register",
		"introspection_endpoint":                           base + "/oauth/introspect",
		"revocation_endpoint":                              base + "/oauth/revoke",
		"grant_types_supported":                            []string{"client_credentials"},
		"response_types_supported":                         []string{},
		"token_endpoint_auth_methods_supported":            []string{"client_secret_basic", "client_secret_post"},
		"introspection_endpoint_auth_methods_supported":    []string{"client_secret_basic", "client_secret_post"},
		"revocation_endpoint_auth_methods_supported":       []string{"client_secret_basic", "client_secret_post"},
		"halfkey_agent_token_endpoint":                     base + "/api/agentmanagement/v3/oauth/token",
		"halfkey_agent_token_endpoint_auth_methods":        []string{"client_secret_jwt", "private_key_jwt"},
		"halfkey_agent_token_endpoint_auth_signing_values": []string{"HS256", "RS256", "RS384"},
	})
}

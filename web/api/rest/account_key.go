package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/iam"
)

// accountKey is a key by which a program makes channels of its own; Key is there
// only when it is made.
type accountKey struct {
	ID        string    `json:"id,omitzero"`
	CreatedBy string    `json:"created_by,omitzero"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	Key       string    `json:"key,omitzero"`
}

func accountKeyOf(k channels.AccountKey) accountKey {
	return accountKey{ID: string(k.ID), CreatedBy: string(k.By), CreatedAt: k.Created}
}

func (a *API) accountKeys(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	all := func() ([]channels.AccountKey, error) { return a.accounts.List(c.Request().Context(), org) }
	return listOf(c, "account_keys", all, accountKeyOf, func(k accountKey) string { return k.ID })
}

func (a *API) makeAccountKey(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	kept, key, err := a.accounts.Make(c.Request().Context(), org)
	if err != nil {
		return err
	}
	made := accountKeyOf(kept)
	made.Key = key.Reveal()
	return say(c, http.StatusCreated, made)
}

func (a *API) revokeAccountKey(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	key, err := id(c, "key", iam.ParseKeyID)
	if err != nil {
		return err
	}
	if err := a.accounts.Revoke(c.Request().Context(), org, key); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

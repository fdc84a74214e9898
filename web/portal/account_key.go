package portal

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// makeAccountKey shows a new key on the place's page, this once.
func (p *Portal) makeAccountKey(c echo.Context) error {
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	_, key, err := p.AccountKeys.Make(c.Request().Context(), h.Org.ID)
	if err != nil {
		return err
	}
	return p.answerOrg(c, http.StatusOK, h, orgPage{Key: key.Reveal()})
}

// askRevokeAccountKey says what ends with a key.
func (p *Portal) askRevokeAccountKey(c echo.Context) error {
	ctx := c.Request().Context()
	h, id, err := p.accountKeyHere(c)
	if err != nil {
		return err
	}
	if !p.AccountKeys.May(ctx, h.Org.ID) {
		return policies.ErrRefused
	}
	back := "/orgs/" + string(h.Org.ID)
	return show.Page(c, http.StatusOK, ask.Page(h.Page, ask.Question{
		Title: ui.T(ctx, "portal.account.revoke.title", "Org", h.Org.Name), Text: ui.T(ctx, "portal.account.revoke.text"),
		Action: back + "/account-keys/" + string(id) + "/revoke", Danger: true,
		Yes: ui.T(ctx, "portal.account.revoke"), No: ui.T(ctx, "portal.account.keep"), NoHref: back}))
}

func (p *Portal) revokeAccountKey(c echo.Context) error {
	h, id, err := p.accountKeyHere(c)
	if err != nil {
		return err
	}
	if err := p.AccountKeys.Revoke(c.Request().Context(), h.Org.ID, id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/orgs/"+string(h.Org.ID))
}

func (p *Portal) accountKeyHere(c echo.Context) (h frame.Here, id iam.KeyID, err error) {
	if h, err = p.orgHere(c); err != nil {
		return h, id, err
	}
	id, err = iam.ParseKeyID(c.Param("key"))
	return h, id, err
}

// accountKeys are those of the place, with the names of who made them.
func (p *Portal) accountKeys(ctx context.Context, org iam.OrgID) (all []accountKey, err error) {
	list, err := p.AccountKeys.List(ctx, org)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var makers []iam.UserID
	for _, k := range list {
		makers = append(makers, k.By)
	}
	names, err := p.Users.Names(ctx, makers)
	for _, k := range list {
		all = append(all, accountKey{ID: string(k.ID), By: names[k.By].Name, Made: k.Created})
	}
	return all, err
}

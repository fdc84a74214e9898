package portal

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// serialsShown is how many listed serials a page names.
const serialsShown = 200

// key is the page of one registration key.
func (p *Portal) key(c echo.Context) error {
	h, k, err := p.keyHere(c)
	if err != nil {
		return err
	}
	return p.answerKey(c, http.StatusOK, h, k, keyPage{})
}

// keyHere finds the key that the address names, and its place.
func (p *Portal) keyHere(c echo.Context) (h frame.Here, k orgs.Key, err error) {
	ctx := c.Request().Context()
	id, err := iam.ParseKeyID(c.Param("id"))
	if err != nil {
		return h, k, err
	}
	if k, err = p.Orgs.Key(ctx, id); err != nil {
		return h, k, err
	}
	h, err = p.Frame.In(c, k.Org, ui.T(ctx, "portal.regkey.one"), "devices")
	h.Page.Path, h.Page.RegKey = keyPath(id), nil
	return h, k, err
}

func (p *Portal) answerKey(c echo.Context, status int, h frame.Here, k orgs.Key, v keyPage) (err error) {
	ctx := c.Request().Context()
	v.keyLine, v.Org, v.OrgID = p.keyLine(ctx, k), h.Org.Name, string(k.Org)
	v.Listed = k.Boarding == orgs.BoardSerials
	if v.Retiring && v.Until == "" {
		v.Until = k.RetiresAt.In(time.Local).Format(time.DateOnly)
	}
	if k.Replaces != "" {
		v.Replaces = keyPath(k.Replaces)
	}
	if v.Listed {
		if v.Serials, err = p.Orgs.Serials(ctx, k.ID); err != nil {
			return err
		}
		v.SerialsAll = len(v.Serials)
		v.Serials = v.Serials[:min(len(v.Serials), serialsShown)]
	}
	return show.Page(c, status, keyView(h.Page, v))
}

// listSerials adds serials, one a line, to those that the key takes.
func (p *Portal) listSerials(c echo.Context) error {
	h, k, err := p.keyHere(c)
	if err != nil {
		return err
	}
	typed := c.FormValue("serials")
	err = p.Orgs.ListSerials(c.Request().Context(), k.ID, strings.Fields(typed))
	if wrong, ok := form.Wrong(err); ok {
		return p.answerKey(c, http.StatusUnprocessableEntity, h, k, keyPage{Typed: typed, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keyPath(k.ID))
}

// retireKey sets the last day of a key that was replaced.
func (p *Portal) retireKey(c echo.Context) error {
	h, k, err := p.keyHere(c)
	if err != nil {
		return err
	}
	typed := c.FormValue("until")
	at := form.Evening(typed)
	if !at.After(p.Now()) {
		return p.answerKey(c, http.StatusUnprocessableEntity, h, k, keyPage{Until: typed, Wrong: map[string]string{"until": orgs.ErrKeyTimes.Sentence}})
	}
	if err := p.Orgs.RetireKeyAt(c.Request().Context(), k.ID, at); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keyPath(k.ID))
}

// askReplace says what becomes of the old key.
func (p *Portal) askReplace(c echo.Context) error {
	ctx := c.Request().Context()
	h, k, err := p.keyHere(c)
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ManageRegistrationKey, k.Org); err != nil {
		return err
	}
	return show.Page(c, http.StatusOK, ask.Page(h.Page, ask.Question{
		Title: ui.T(ctx, "portal.regkey.replace.title", "Label", k.Label), Text: ui.T(ctx, "portal.regkey.replace.text"),
		Action: keyPath(k.ID) + "/replace", Yes: ui.T(ctx, "portal.regkey.replace"), No: ui.T(ctx, "portal.regkey.keep"), NoHref: keyPath(k.ID)}))
}

func (p *Portal) replaceKey(c echo.Context) error {
	id, err := iam.ParseKeyID(c.Param("id"))
	if err != nil {
		return err
	}
	k, err := p.Orgs.ReplaceKey(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keyPath(k.ID))
}

// askRevoke says what ends with a key.
func (p *Portal) askRevoke(c echo.Context) error {
	ctx := c.Request().Context()
	h, k, err := p.keyHere(c)
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ManageRegistrationKey, k.Org); err != nil {
		return err
	}
	return show.Page(c, http.StatusOK, ask.Page(h.Page, ask.Question{
		Title: ui.T(ctx, "portal.regkey.revoke.title", "Label", k.Label), Text: ui.T(ctx, "portal.regkey.revoke.text"),
		Action: keyPath(k.ID) + "/revoke", Danger: true, Yes: ui.T(ctx, "portal.regkey.revoke"), No: ui.T(ctx, "portal.regkey.keep"), NoHref: keyPath(k.ID)}))
}

func (p *Portal) revokeKey(c echo.Context) error {
	_, k, err := p.keyHere(c)
	if err != nil {
		return err
	}
	if err := p.Orgs.RevokeKey(c.Request().Context(), k.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keysAt(string(k.Org)))
}

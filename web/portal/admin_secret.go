package portal

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// secretWord is what a secret is, as a list has it.
func secretWord(ctx context.Context, s orgs.Sealed) string {
	switch s.Kind {
	case orgs.RegistrationKey:
		return ui.T(ctx, "admin.kind.registration-key")
	case orgs.WriteKey:
		return ui.T(ctx, "admin.kind.write-key")
	case orgs.OwnReadKey:
		return ui.T(ctx, "admin.kind.read-key", "Person", s.Holder)
	}
	return ui.T(ctx, "admin.kind.shared-read-key")
}

// secretFate is what becomes of a secret that somebody has looked at, when what it
// opens is next moved.
func secretFate(ctx context.Context, s orgs.Sealed) string {
	switch {
	case s.Outside:
		return ui.T(ctx, "admin.glass.stays")
	case s.Kind == orgs.RegistrationKey:
		return ui.T(ctx, "admin.glass.moves.registration-key")
	case s.Kind == orgs.WriteKey:
		return ui.T(ctx, "admin.glass.moves.write-key")
	case s.Kind == orgs.OwnReadKey:
		return ui.T(ctx, "admin.glass.moves.read-key")
	}
	return ui.T(ctx, "admin.glass.moves.shared-read-key")
}

// secretPath is the page that asks why somebody wants to see a secret.
func secretPath(org iam.OrgID, r orgs.SecretRef) string {
	q := adminQuery("kind", string(r.Kind), "key", string(r.Key))
	switch r.Kind {
	case orgs.WriteKey:
		q.Set("device", string(r.Device))
	case orgs.OwnReadKey, orgs.SharedReadKey:
		q.Set("channel", r.Channel)
	}
	return "/admin/orgs/" + string(org) + "/secret?" + q.Encode()
}

// secretAsked is the secret that an address or a form names.
func (p *Portal) secretAsked(c echo.Context, value func(string) string) (o orgs.Listed, s orgs.Sealed, err error) {
	if o, err = p.tenantListed(c); err != nil {
		return o, s, err
	}
	r := orgs.SecretRef{Kind: orgs.KeyKind(value("kind")), Channel: value("channel")}
	if v := value("key"); v != "" {
		if r.Key, err = iam.ParseKeyID(v); err != nil {
			return o, s, err
		}
	}
	if v := value("device"); v != "" {
		if r.Device, err = iam.ParseDeviceID(v); err != nil {
			return o, s, err
		}
	}
	if s, err = p.Orgs.Secret(c.Request().Context(), r); err == nil && s.Tenant != o.ID {
		err = policies.ErrHidden
	}
	return o, s, err
}

// askSecret asks why, and says who will hear of it.
func (p *Portal) askSecret(c echo.Context) error {
	o, s, err := p.secretAsked(c, c.QueryParam)
	if err != nil {
		return err
	}
	return p.answerSecret(c, http.StatusOK, o, s, secretPage{})
}

func (p *Portal) answerSecret(c echo.Context, status int, o orgs.Listed, s orgs.Sealed, v secretPage) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "admin.glass.title"), "admin-orgs")
	if err != nil {
		return err
	}
	v.Kind, v.Name, v.Org, v.Back, v.Fate = secretWord(ctx, s), s.Name, o.Name, "/admin/orgs/"+string(o.ID), secretFate(ctx, s)
	u, err := url.Parse(secretPath(o.ID, s.SecretRef))
	if err != nil {
		return err
	}
	v.Action, v.Again = u.Path, u.String()
	for name, values := range u.Query() {
		v.Hidden = append(v.Hidden, ui.Crumb{Name: name, Href: values[0]})
	}
	return show.Page(c, status, secretView(h.Page, v))
}

// breakGlass shows the secret, this once.
func (p *Portal) breakGlass(c echo.Context) error {
	o, s, err := p.secretAsked(c, c.FormValue)
	if err != nil {
		return err
	}
	b, err := p.Orgs.BreakGlass(c.Request().Context(), s.SecretRef, c.FormValue("reason"))
	if wrong, ok := form.Wrong(err); ok {
		return p.answerSecret(c, http.StatusUnprocessableEntity, o, s, secretPage{Reason: c.FormValue("reason"), Wrong: wrong["reason"]})
	}
	if err != nil {
		return err
	}
	v := secretPage{Shown: b.First.Reveal()}
	if b.Kind == orgs.RegistrationKey {
		v.Shown = wire.RegKey{Form: wire.Form(b.Form), First: v.Shown, Second: wire.SecondHalf(b.Second.Reveal())}.Typed()
	}
	return p.answerSecret(c, http.StatusOK, o, s, v)
}

package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/form"
	"halfkey/web/ui"
)

// keyForm is what was typed for a new registration key, as it was typed.
type keyForm struct {
	Label, Form, Kind, Boarding, Again string
	Simple                             bool
	From, Until, Uses                  string
	Wrong                              map[string]string
}

// folded are the fields that stay folded until somebody wants them.
var folded = []string{"reboarding", "not_before", "expires_at", "max_uses"}

func parseKeyForm(v url.Values) keyForm {
	return keyForm{Label: strings.TrimSpace(v.Get("label")), Form: v.Get("form"), Kind: v.Get("device_kind"), Boarding: v.Get("boarding"), Again: v.Get("reboarding"),
		Simple: v.Get("simple_door") != "", From: strings.TrimSpace(v.Get("not_before")), Until: strings.TrimSpace(v.Get("expires_at")), Uses: strings.TrimSpace(v.Get("max_uses"))}
}

// request is the form in the service's words. What cannot be read becomes what
// the service calls wrong.
func (f keyForm) request(org iam.OrgID) orgs.KeyRequest {
	r := orgs.KeyRequest{Org: org, Label: f.Label, Form: orgs.Form(f.Form), DeviceKind: f.Kind, Boarding: orgs.Boarding(f.Boarding),
		Reboarding: orgs.Reboarding(f.Again), SimpleDoor: f.Simple, NotBefore: form.Morning(f.From), ExpiresAt: form.Evening(f.Until)}
	if f.Uses != "" {
		n, err := strconv.ParseInt(f.Uses, 10, 64)
		if r.MaxUses = n; err != nil || n < 1 {
			r.MaxUses = -1
		}
	}
	return r
}

// list is what is wrong, in the order of the fields.
func (f keyForm) list() []ui.FieldError {
	var all []ui.FieldError
	for _, name := range append([]string{"label", "form", "device_kind", "boarding"}, folded...) {
		if what := f.Wrong[name]; what != "" {
			all = append(all, ui.FieldError{Name: name, Text: what})
		}
	}
	return all
}

// unfolded tells that something was typed, or is wrong, among the folded fields.
func (f keyForm) unfolded() bool {
	for _, name := range folded {
		if f.Wrong[name] != "" {
			return true
		}
	}
	return f.Simple || f.From+f.Until+f.Uses+f.Again != ""
}

func (p *Portal) issueKey(c echo.Context) error {
	ctx := c.Request().Context()
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, org, ui.T(ctx, "portal.regkey.title"), "devices")
	if err != nil {
		return err
	}
	f := parseKeyForm(c.Request().PostForm)
	if form.Morning(f.From).Equal(form.Unreadable) {
		f.Wrong = map[string]string{"not_before": orgs.ErrKeyTimes.Sentence}
		return p.answerKeys(c, http.StatusUnprocessableEntity, h, f)
	}
	k, err := p.Orgs.IssueKey(ctx, f.request(org))
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return p.answerKeys(c, http.StatusUnprocessableEntity, h, f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keyPath(k.ID))
}

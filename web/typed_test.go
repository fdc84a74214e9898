package web_test

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// typed is a form with a field for a secret, as a page shows it.
type typed struct {
	page, action string
	fields       url.Values // what it is filled with
	secrets      []string   // the names of those fields
}

var (
	wholeForm  = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	oneField   = regexp.MustCompile(`<(?:input|select|textarea)[^>]*>`)
	formTarget = regexp.MustCompile(`action="([^"]*)"`)
	fieldName  = regexp.MustCompile(`\bname="([^"]*)"`)
	fieldValue = regexp.MustCompile(`\bvalue="([^"]*)"`)
)

// typedIn are the forms of a page in which a secret is typed.
func typedIn(page, body string) (all []typed) {
	for _, f := range wholeForm.FindAllString(body, -1) {
		one := typed{page: page, fields: url.Values{}}
		if m := formTarget.FindStringSubmatch(f); m != nil {
			one.action = html.UnescapeString(m[1])
		}
		for _, in := range oneField.FindAllString(f, -1) {
			name := fieldName.FindStringSubmatch(in)
			if name == nil {
				continue
			}
			if strings.Contains(in, `type="password"`) {
				one.secrets = append(one.secrets, name[1])
				continue
			}
			value := "x"
			if m := fieldValue.FindStringSubmatch(in); m != nil && m[1] != "" {
				value = html.UnescapeString(m[1])
			}
			one.fields.Set(name[1], value)
		}
		if len(one.secrets) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// with is the form as it is sent, with this for every secret.
func (f typed) with(secret string) string {
	sent := url.Values{}
	for name, values := range f.fields {
		sent[name] = values
	}
	for _, name := range f.secrets {
		sent.Set(name, secret)
	}
	return sent.Encode()
}

// What is typed into a password's field travels once: no page gives it back,
// neither beside what is wrong with the form nor with the question whether it is
// you.
func TestNoPageGivesBackASecretThatWasTyped(t *testing.T) {
	w, m := attacked(t)
	pages := []string{"/connectors/new?org={org}&service=thingspeak", "/connectors/new?org={org}&service=agenttoken", "/step?better=yes", w.setupPage(t), w.invitationPage(t), w.wayBackPage(t)}
	for _, r := range m.rows {
		if r.methods[0] == http.MethodGet && r.bySession() && !strings.HasPrefix(r.path, "/api/") && !strings.HasPrefix(r.path, "/events") {
			pages = append(pages, r.path)
		}
	}
	seen := map[string]bool{}
	for _, who := range []string{"founder", "nobody"} {
		for _, page := range pages {
			at := w.fill(t, page, "own")
			for _, f := range typedIn(page, w.ask(t, who, http.MethodGet, at, "").Body.String()) {
				seen[strings.Split(f.action, "?")[0]] = true
				w.givesBack(t, who, f)
			}
		}
	}
	for _, there := range []string{"/login", "/register", "/setup", "/step", "/me/password", "/connectors", "/orgs/" + string(w.Tenant) + "/sign-in"} {
		if !seen[there] {
			t.Errorf("no page has the form that is sent to %s", there)
		}
	}
	for _, link := range []string{"/i/", "/recover/"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(s string) bool { return strings.HasPrefix(s, link) }) {
			t.Errorf("no page has the form of the links %s…", link)
		}
	}
}

// givesBack sends a form as it stands, with what cannot be right, and by somebody
// who has to prove first who he is.
func (w *town) givesBack(t *testing.T, who string, f typed) {
	t.Helper()
	wrong := f
	wrong.fields = url.Values{}
	for name := range f.fields {
		wrong.fields.Set(name, "\x01")
	}
	if service := f.fields.Get("service"); service != "" {
		wrong.fields.Set("service", service)
	}
	for _, proved := range []time.Time{w.Now(), w.Now().Add(-time.Hour)} {
		for _, sent := range []typed{f, wrong} {
			for _, secret := range []string{"never-comes-back-9Q", "short9Q"} {
				w.try(t, func() {
					w.must(t, w.DB.Exec("UPDATE sessions SET verified_at = ?", iam.Micros(proved)).Error)
					w.part(t)
					answer := w.ask(t, who, http.MethodPost, f.action, sent.with(secret))
					if strings.Contains(answer.Body.String(), secret) || strings.Contains(answer.Header().Get("Location"), secret) {
						t.Errorf("%s, sent to %s by %s (%d), gives back what was typed into %v", f.page, f.action, who, answer.Code, f.secrets)
					}
				})
				w.part(t)
			}
		}
	}
}

// setupPage, invitationPage and wayBackPage are where links lead.
func (w *town) setupPage(t *testing.T) string {
	t.Helper()
	code, err := w.Orgs.SetupLink(t.Context())
	w.must(t, err)
	return "/setup?code=" + code.Reveal()
}

func (w *town) invitationPage(t *testing.T) string {
	t.Helper()
	token, _, err := w.Orgs.Invite(w.homer, w.Household, "maggie@simps.net", string(policies.Viewer))
	w.must(t, err)
	return "/i/" + token.Reveal()
}

func (w *town) wayBackPage(t *testing.T) (page string) {
	t.Helper()
	w.must(t, w.DB.Transaction(func(tx *gorm.DB) error {
		token, err := w.Recovery.Links.Make(tx, iam.Link{Purpose: iam.LinkRecover, User: w.HomerID, Email: "homer@simps.net", Mailed: true}, time.Hour)
		page = "/recover/" + token.Reveal()
		return err
	}))
	return page
}

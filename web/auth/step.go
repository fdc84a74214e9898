package auth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// ErrProve is what a program hears where a person would be asked to prove who he is.
var ErrProve = fault.New(fault.Refused, "prove-first", "Prove first that it is you: this needs a passkey or password that was given within the last 10 minutes.")

// proofPrefix marks the fields of the proof among those of the act.
const proofPrefix = "prove_"

// Fresh lets through who has proved who he is within the last ten minutes. Others
// are asked for it on the way: the proof travels with the act's own form, so that
// the act is done as soon as the proof holds.
func (d *Door) Fresh(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		s, ok := Of(r.Context())
		if !ok {
			return ErrSignIn
		}
		if s.Fresh(d.Now()) {
			return next(c)
		}
		if s, err := d.Sessions.Anew(r.Context(), d.token(r)); err == nil && s.Fresh(d.Now()) {
			return d.goOn(c, s, next)
		}
		if r.Method != http.MethodPost {
			return c.Redirect(http.StatusSeeOther, "/step?next="+url.QueryEscape(Next(r.URL.RequestURI())))
		}
		proof, given := proofIn(c)
		if !given {
			return d.askProof(c, http.StatusForbidden, stepForm{})
		}
		s, err := d.Sessions.Verify(r.Context(), d.token(r), proof, d.visit(c))
		if err != nil {
			return d.proofFailed(c, err)
		}
		return d.goOn(c, s, next)
	}
}

// FreshAt is Fresh for an act with a secret among its fields, which travels once
// and comes back in no page: who has not proved who he is does that first, and is
// led to the act's page, to type the secret there.
func (d *Door) FreshAt(page func(echo.Context) string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		proved := d.Fresh(next)
		return func(c echo.Context) error {
			r := c.Request()
			s, ok := Of(r.Context())
			if !ok || s.Fresh(d.Now()) || !strings.Contains(r.Header.Get("Accept"), "text/html") {
				return proved(c)
			}
			to := "/step?next=" + url.QueryEscape(Next(page(c)))
			if r.Header.Get("HX-Request") != "" { // a part of a page asks: the page itself goes
				c.Response().Header().Set("HX-Redirect", to)
				return c.NoContent(http.StatusOK)
			}
			return c.Redirect(http.StatusSeeOther, to)
		}
	}
}

// Lately is Fresh for programs that come with a browser's session: they are not
// asked on the way, and hear ErrProve. Who shows a token has no session.
func (d *Door) Lately(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if s, ok := Of(r.Context()); ok && !s.Fresh(d.Now()) {
			s, err := d.Sessions.Anew(r.Context(), d.token(r))
			if err != nil || !s.Fresh(d.Now()) {
				return ErrProve
			}
			c.SetRequest(r.WithContext(d.as(r.Context(), s)))
		}
		return next(c)
	}
}

// goOn does the act as the session is now, without the proof among its fields.
func (d *Door) goOn(c echo.Context, s iam.Session, next echo.HandlerFunc) error {
	r := c.Request()
	for _, form := range []url.Values{r.Form, r.PostForm} {
		for name := range form {
			if strings.HasPrefix(name, proofPrefix) {
				delete(form, name)
			}
		}
	}
	c.SetRequest(r.WithContext(d.as(r.Context(), s)))
	return next(c)
}

func proofIn(c echo.Context) (p iam.Proof, given bool) {
	p.Passkey, given = reply(c, proofPrefix)
	if !given {
		p.Passkey = iam.Reply{}
	}
	p.Password, p.Code = vault.Secret(c.FormValue(proofPrefix+"password")), c.FormValue(proofPrefix+"code")
	return p, given || p.Password != ""
}

func (d *Door) proofFailed(c echo.Context, err error) error {
	status, title, text, ok := missed(c.Request().Context(), err)
	if !ok {
		return err
	}
	return d.askProof(c, status, stepForm{Wrong: title, Why: text})
}

// askProof shows the page that stands before an act, with the act's own fields
// in it. It goes where the act would.
func (d *Door) askProof(c echo.Context, status int, f stepForm) error {
	r := c.Request()
	ctx := r.Context()
	s, _ := Of(ctx)
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return ErrProve
	}
	ways, err := iam.Credentials{Sessions: d.Sessions}.Of(ctx, s.User)
	if err != nil {
		return err
	}
	f.Action, f.Fields = r.URL.RequestURI(), carried(r)
	f.Password, f.App, f.Name = ways.Password, !ways.App.IsZero(), string(s.Email)
	if len(ways.Passkeys) > 0 {
		f.Passkey = passkeyPart{Origin: d.site(c).Origin, Ask: "/passkeys/ask", Prefix: proofPrefix, Text: ui.T(ctx, "me.passkey.use")}
	}
	p := d.Page(c, ui.T(ctx, "me.step.title"))
	p.Path = "/"
	return show.Page(c, status, stepPage(p, f))
}

// field is one of a form's.
type field struct{ Name, Value string }

// carried are the fields of an act's form, in the order of their names.
func carried(r *http.Request) (all []field) {
	for name, values := range r.PostForm {
		if strings.HasPrefix(name, proofPrefix) {
			continue
		}
		for _, v := range values {
			all = append(all, field{name, v})
		}
	}
	slices.SortStableFunc(all, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// orBetter leads from a page that asks for a better sign-in to the proof, if the
// viewer can do better, and from there back.
func (d *Door) orBetter(c echo.Context, err error) error {
	r := c.Request()
	if !errors.Is(err, policies.ErrUnproved) || r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return err
	}
	me, _ := Of(r.Context())
	ways, unread := iam.Credentials{Sessions: d.Sessions}.Of(r.Context(), me.User)
	if unread != nil || ways.Best(d.site(c)) <= me.Assurance {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/step?better=yes&next="+url.QueryEscape(Next(r.URL.RequestURI())))
}

// showStep asks for the proof before a page; step leads on to it.
func (d *Door) showStep(c echo.Context) error {
	if s, ok := Of(c.Request().Context()); ok && s.Fresh(d.Now()) && c.QueryParam("better") == "" {
		return c.Redirect(http.StatusSeeOther, Next(c.QueryParam("next")))
	}
	return d.askProof(c, http.StatusOK, stepForm{})
}

func (d *Door) step(c echo.Context) error {
	proof, _ := proofIn(c)
	_, err := d.Sessions.Verify(c.Request().Context(), d.token(c.Request()), proof, d.visit(c))
	if errors.Is(err, iam.ErrSignedOut) {
		return ErrSignIn
	}
	if err != nil {
		return d.proofFailed(c, err)
	}
	return c.Redirect(http.StatusSeeOther, Next(c.QueryParam("next")))
}

package connectors

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// settingsForm is the form of a connection, drawn from what its service asks.
type settingsForm struct {
	Action  string
	Service string
	Name    string
	Lines   []settingLine
	Kinds   []ui.Tab // of a new connection, to choose from
	Back    ui.Crumb
	Change  bool // of one that is there
	Again   bool // what was typed went nowhere, since its viewer had to prove first who he is
	Refused bool // the account's key is
	Tested  tested
	Wrong   map[string]string
}

// settingLine is one field. A secret's has no value: whoever types one sends it,
// and gets it back from nobody.
type settingLine struct {
	connectors.Setting
	Label, Hint, Value, Wrong string
}

func (p *Pages) askNew(c echo.Context) error {
	h, err := p.forMaking(c)
	if err != nil {
		return err
	}
	return p.answerNew(c, http.StatusOK, h, connectors.Draft{Service: c.QueryParam("service")}, settingsForm{Again: c.QueryParam("again") != ""})
}

// forMaking is the frame of a place where the viewer may add connectors.
func (p *Pages) forMaking(c echo.Context) (frame.Here, error) {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "connector.new"), "connectors")
	if err != nil {
		return h, err
	}
	return h, p.Decider.Require(ctx, policies.MakeConnector, h.Org.ID)
}

func (p *Pages) answerNew(c echo.Context, status int, h frame.Here, w connectors.Draft, f settingsForm) error {
	ctx := c.Request().Context()
	if p.Desk.Services[w.Service] == nil {
		w.Service = thingspeak.Provider
	}
	if w.Name == "" {
		w.Name = serviceWord(ctx, w.Service)
	}
	f.Action, f.Back = listPath(h.Org.ID), ui.Crumb{Name: ui.T(ctx, "connector.title"), Href: listPath(h.Org.ID)}
	p.fill(ctx, &f, w)
	h.Page.Path = "/connectors/new?org=" + string(h.Org.ID)
	for _, service := range slices.Backward(slices.Sorted(maps.Keys(p.Desk.Services))) {
		f.Kinds = append(f.Kinds, ui.Tab{ID: service, Label: serviceWord(ctx, service), Href: h.Page.Path + "&service=" + service})
	}
	return show.Page(c, status, settingsView(h.Page, f))
}

// fill draws the lines that the service asks for, with what was said so far.
func (p *Pages) fill(ctx context.Context, f *settingsForm, w connectors.Draft) {
	f.Service, f.Name = w.Service, w.Name
	f.Tested.Change, f.Tested.Service, f.Tested.Host = f.Change, w.Service, hostOf(w.Settings)
	for _, s := range p.Desk.Services[w.Service].Form() {
		l := settingLine{Setting: s, Value: w.Settings[s.Name], Wrong: f.Wrong[s.Name]}
		l.Label, l.Hint = settingWord(ctx, w.Service, s.Name)
		switch {
		case s.Kind == "secret":
			l.Required = s.Required && !f.Change
			switch {
			case f.Change && !f.Refused:
				l.Hint = ui.T(ctx, "connector.secret.kept")
			case !f.Tested.none():
				l.Hint = ui.T(ctx, "connector.secret.again")
			}
		case l.Value == "":
			l.Value = s.Usual
		}
		f.Lines = append(f.Lines, l)
	}
}

// said is the form as it came.
func (p *Pages) said(c echo.Context, service string) connectors.Draft {
	w := connectors.Draft{Service: service, Name: c.FormValue("name"), Settings: connectors.Settings{}}
	if s := p.Desk.Services[service]; s != nil {
		for _, line := range s.Form() {
			if line.Kind == "secret" {
				w.Secret = vault.Secret(c.FormValue(line.Name))
			} else {
				w.Settings[line.Name] = c.FormValue(line.Name)
			}
		}
	}
	return w
}

// open tests a connection, and keeps it when it works, or when it does not answer
// and the person wants it kept all the same. The button may ask for the test alone.
func (p *Pages) open(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.forMaking(c)
	if err != nil {
		return err
	}
	w := p.said(c, c.FormValue("service"))
	do := c.FormValue("do")
	r, err := p.Desk.Test(ctx, h.Org.ID, w)
	if err == nil && do == "test" {
		return p.answerNew(c, http.StatusOK, h, w, settingsForm{Tested: tested{Report: &r}})
	}
	if err == nil || errors.Is(err, connectors.ErrTestSilent) && do == "anyway" {
		var id connectors.ID
		if id, err = p.Desk.Open(ctx, h.Org.Tenant, h.Org.ID, w); err == nil {
			return c.Redirect(http.StatusSeeOther, pathOf(id))
		}
	}
	f, status, ok := wrongConnection(ctx, w.Service, err)
	if !ok {
		return err
	}
	return p.answerNew(c, status, h, w, f)
}

// wrongConnection is what a form can say about why it was not taken.
func wrongConnection(ctx context.Context, service string, err error) (f settingsForm, status int, ok bool) {
	f.Tested.Err = err
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong
		return f, http.StatusUnprocessableEntity, true
	}
	switch {
	case errors.Is(err, connectors.ErrTestSilent):
		return f, http.StatusServiceUnavailable, true
	case errors.Is(err, connectors.ErrTestKey), errors.Is(err, connectors.ErrSecret):
		f.Refused, f.Wrong = true, map[string]string{"account_key": refusedWord(ctx, service, err)}
		return f, http.StatusUnprocessableEntity, true
	case errors.Is(err, iam.ErrName):
		f.Wrong = map[string]string{"name": fault.Of(err).Sentence}
		return f, http.StatusUnprocessableEntity, true
	}
	return f, 0, false
}

func (p *Pages) askChange(c echo.Context) error {
	s, h, err := p.toChange(c)
	if err != nil {
		return err
	}
	w := connectors.Draft{Service: s.Provider, Name: s.Name, Settings: s.Settings}
	return p.answerChange(c, http.StatusOK, h, s, w, settingsForm{Refused: s.Trouble == "account", Again: c.QueryParam("again") != ""})
}

// toChange is a connector that the viewer may change.
func (p *Pages) toChange(c echo.Context) (s connectors.Status, h frame.Here, err error) {
	if s, h, err = p.here(c); err != nil {
		return s, h, err
	}
	if err := p.Decider.Require(c.Request().Context(), policies.ManageConnector, s.Org); err != nil {
		return s, h, err
	}
	if p.Desk.Services[s.Provider] == nil {
		return s, h, connectors.ErrOwn
	}
	return s, h, nil
}

func (p *Pages) answerChange(c echo.Context, status int, h frame.Here, s connectors.Status, w connectors.Draft, f settingsForm) error {
	f.Change, f.Action, f.Back = true, pathOf(s.ID), ui.Crumb{Name: s.Name, Href: pathOf(s.ID)}
	p.fill(c.Request().Context(), &f, w)
	h.Page.Path = pathOf(s.ID) + "/settings"
	return show.Page(c, status, settingsView(h.Page, f))
}

// change gives a connector other settings or, after the service has taken it,
// another key. The button may ask for the test alone.
func (p *Pages) change(c echo.Context) error {
	s, h, err := p.toChange(c)
	if err != nil {
		return err
	}
	w := p.said(c, s.Provider)
	if c.FormValue("do") == "test" {
		r, err := p.Desk.TestChange(c.Request().Context(), s.ID, w)
		if err == nil {
			return p.answerChange(c, http.StatusOK, h, s, w, settingsForm{Tested: tested{Report: &r}})
		}
		return p.notChanged(c, h, s, w, err)
	}
	err = p.Desk.Change(c.Request().Context(), s.ID, w)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, pathOf(s.ID))
	}
	return p.notChanged(c, h, s, w, err)
}

func (p *Pages) notChanged(c echo.Context, h frame.Here, s connectors.Status, w connectors.Draft, err error) error {
	f, status, ok := wrongConnection(c.Request().Context(), s.Provider, err)
	if !ok {
		return err
	}
	return p.answerChange(c, status, h, s, w, f)
}

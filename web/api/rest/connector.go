package rest

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/policies"
)

func (a *API) connections(g *echo.Group) {
	g.GET("/connector_kinds", a.connectorKinds, paged())
	g.GET("/orgs/:org/connectors", listIn("connectors", "org", iam.ParseOrgID, a.Desk.Connectors, connectorOf, func(c connector) string { return c.ID }), paged())
	g.POST("/orgs/:org/connectors", a.connect, a.fresh, a.once, known())
	g.POST("/orgs/:org/connectors/test", a.testConnection, a.fresh, known())
	g.GET("/connectors/:connector", a.getConnector, known())
	g.PATCH("/connectors/:connector", a.changeConnector, a.fresh, known())
	g.DELETE("/connectors/:connector", a.onConnector(a.Desk.Remove), a.fresh, known())
	g.POST("/connectors/:connector/check", a.checkConnector, known())
	g.POST("/connectors/:connector/pause", a.onConnector(a.Desk.Pause), a.fresh, known())
	g.POST("/connectors/:connector/resume", a.onConnector(a.Desk.Resume), a.fresh, known())
	g.POST("/connectors/:connector/again", counts("connector", anyID, a.Desk.Again), known())
	g.GET("/connectors/:connector/calls", listIn("calls", "connector", anyID, a.Desk.Calls, callOf, connectorCall.key), paged())
	g.GET("/connectors/:connector/channels", a.projections, paged())
	g.GET("/connectors/:connector/drift", listIn("drift", "connector", anyID, a.Desk.Compare, differenceOf, difference.key), paged())
	g.POST("/connectors/:connector/drift", a.mend, a.fresh, known())
}

// connectorKind is a service that can be connected to, and what it asks.
type connectorKind struct {
	Service  string    `json:"service"`
	Settings []setting `json:"settings"`
}

// setting is one thing that a service asks.
type setting struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // text, url, number or secret
	Usual    string `json:"usual,omitzero"`
	Required bool   `json:"required"`
}

func (a *API) connectorKinds(c echo.Context) error {
	all := func() ([]string, error) { return slices.Sorted(maps.Keys(a.Desk.Services)), nil }
	as := func(name string) connectorKind {
		k := connectorKind{Service: name}
		for _, s := range a.Desk.Services[name].Form() {
			k.Settings = append(k.Settings, setting(s))
		}
		return k
	}
	return listOf(c, "connector_kinds", all, as, func(k connectorKind) string { return k.Service })
}

// connector is where a place's devices have their channels; Settings never hold
// its secret.
type connector struct {
	ID        string              `json:"id"`
	Org       string              `json:"org"`
	Service   string              `json:"service"`
	Name      string              `json:"name"`
	State     string              `json:"state"`
	Settings  connectors.Settings `json:"settings"`
	Trouble   string              `json:"trouble,omitzero"`
	Since     time.Time           `json:"trouble_since,omitzero"`
	Retry     time.Time           `json:"retry_at,omitzero"`
	Channels  *int                `json:"channels,omitzero"` // left out until they were counted
	Left      *int                `json:"channels_left,omitzero"`
	Compared  time.Time           `json:"compared_at,omitzero"`
	Ready     int                 `json:"ready"`
	Waiting   int                 `json:"waiting"`
	Spare     int                 `json:"spare"`
	Lost      int                 `json:"lost"`
	Inherited bool                `json:"inherited"`
	CreatedAt time.Time           `json:"created_at"`
}

// settled leaves out how it fares, and from where it is seen.
func (c connector) settled() any {
	return connector{ID: c.ID, Name: c.Name, State: c.State, Settings: c.Settings}
}

func connectorOf(s connectors.Status) connector {
	return connector{ID: string(s.ID), Org: string(s.Org), Service: s.Provider, Name: s.Name, State: s.State, Settings: s.Settings, Trouble: s.Trouble, Since: s.Since,
		Retry: s.Retry, Channels: counted(s.Channels), Left: counted(s.Left), Compared: s.Swept, Ready: s.Ready, Waiting: s.Waiting, Spare: s.Spare, Lost: s.Lost,
		Inherited: s.Inherited, CreatedAt: iam.Time(s.Created)}
}

// counted is nothing for -1, which stands for not counted, or without an end.
func counted(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// report is what a test of a connection came to.
type report struct {
	Channels int  `json:"channels"`
	Left     *int `json:"channels_left,omitzero"`
}

func sayReport(c echo.Context, r connectors.Report, err error) error {
	if err != nil {
		return err
	}
	return say(c, http.StatusOK, report{r.Channels, counted(r.Left)})
}

// draft is a connection as a program wants it.
type draft struct {
	Service  string              `json:"service"`
	Name     string              `json:"name"`
	Settings connectors.Settings `json:"settings"`
	Secret   string              `json:"secret"`
	Anyway   bool                `json:"anyway"` // keep it, though the service does not answer
}

// draftIn reads a connection for the place that the address names, where who asks
// may do act.
func (a *API) draftIn(c echo.Context, act policies.Action) (org iam.OrgID, in draft, w connectors.Draft, err error) {
	if org, err = id(c, "org", iam.ParseOrgID); err != nil {
		return org, in, w, err
	}
	if err = read(c, &in); err != nil {
		return org, in, w, err
	}
	if err = a.Decider.Require(c.Request().Context(), act, org); err != nil {
		return org, in, w, err
	}
	w = connectors.Draft{Service: in.Service, Name: in.Name, Settings: in.Settings, Secret: vault.Secret(in.Secret)}
	return org, in, w, a.fits(w)
}

// fits refuses settings that the service does not ask for, and secrets among them.
func (a *API) fits(w connectors.Draft) error {
	service := a.Desk.Services[w.Service]
	if service == nil {
		return nil // which the desk says better
	}
	for name := range w.Settings {
		if !slices.ContainsFunc(service.Form(), func(s connectors.Setting) bool { return s.Name == name && s.Kind != "secret" }) {
			return ErrBody.At("settings/"+cut(name, 100), "is not known here")
		}
	}
	return nil
}

func (a *API) testConnection(c echo.Context) error {
	org, _, w, err := a.draftIn(c, policies.TestConnector)
	if err != nil {
		return err
	}
	r, err := a.Desk.Test(c.Request().Context(), org, w)
	return sayReport(c, r, err)
}

// connect keeps a connection that works, or one that gave no answer if it is
// wanted all the same.
func (a *API) connect(c echo.Context) error {
	org, in, w, err := a.draftIn(c, policies.MakeConnector)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := a.Desk.Test(ctx, org, w); err != nil && !(in.Anyway && errors.Is(err, connectors.ErrTestSilent)) {
		return err
	}
	tenant, err := a.Decider.TenantOf(ctx, org)
	if err != nil {
		return err
	}
	made, err := a.Desk.Open(ctx, tenant, org, w)
	if err != nil {
		return err
	}
	s, err := a.Desk.Status(ctx, made)
	if err != nil {
		return err
	}
	return created(c, "/connectors/"+string(made), connectorOf(s))
}

// connectorHere is the connector that the address names, if it still is what the
// caller saw.
func (a *API) connectorHere(c echo.Context) (s connectors.Status, err error) {
	which, err := id(c, "connector", anyID[connectors.ID])
	if err != nil {
		return s, err
	}
	if s, err = a.Desk.Status(c.Request().Context(), which); err != nil {
		return s, err
	}
	return s, still(c, connectorOf(s))
}

func (a *API) getConnector(c echo.Context) error {
	s, err := a.connectorHere(c)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, connectorOf(s))
}

// onConnector runs a deed on the connector that the address names and answers
// with what it has become; nothing, where it is no more.
func (a *API) onConnector(deed func(context.Context, connectors.ID) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, err := a.connectorHere(c)
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		if err := deed(ctx, s.ID); err != nil {
			return err
		}
		if s, err = a.Desk.Status(ctx, s.ID); errors.Is(err, connectors.ErrUnknown) {
			return c.NoContent(http.StatusNoContent)
		} else if err != nil {
			return err
		}
		return thing(c, http.StatusOK, connectorOf(s))
	}
}

// changeConnector gives it another name, other settings or another secret; what
// is left out stays.
func (a *API) changeConnector(c echo.Context) error {
	var in struct {
		Name     *string             `json:"name"`
		Settings connectors.Settings `json:"settings"`
		Secret   string              `json:"secret"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	s, err := a.connectorHere(c)
	if err != nil {
		return err
	}
	w := connectors.Draft{Service: s.Provider, Name: s.Name, Settings: in.Settings, Secret: vault.Secret(in.Secret)}
	if err := a.fits(w); err != nil {
		return err
	}
	if in.Name != nil {
		w.Name = *in.Name
	}
	w.Settings = maps.Clone(s.Settings)
	if w.Settings == nil {
		w.Settings = connectors.Settings{}
	}
	maps.Copy(w.Settings, in.Settings)
	return a.onConnector(func(ctx context.Context, which connectors.ID) error { return a.Desk.Change(ctx, which, w) })(c)
}

// checkConnector asks the service now.
func (a *API) checkConnector(c echo.Context) error {
	s, err := a.connectorHere(c)
	if err != nil {
		return err
	}
	r, err := a.Desk.Check(c.Request().Context(), s.ID)
	return sayReport(c, r, err)
}

// connectorCall is one call that was made for a connector.
type connectorCall struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"` // method and path
	Outcome string    `json:"outcome"`
	Failed  bool      `json:"failed"`
	Took    int64     `json:"took_ms"`
}

func callOf(c connectors.Call) connectorCall {
	return connectorCall{c.At, c.What, c.Outcome, c.Failed(), c.Took.Milliseconds()}
}

func (c connectorCall) key() string { return c.At.Format(time.RFC3339Nano) + " " + c.What }

package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/problem"
)

func (a *API) past(g *echo.Group) {
	g.GET("/orgs/:org/access", a.whoCould, known("what", "at"))
	g.GET("/orgs/:org/reach", a.whatCould, known("who", "at"))
}

// hold is one way in which somebody could see something at a moment.
type hold struct {
	Assignment string    `json:"assignment"`
	Kind       string    `json:"subject_type"`
	Who        string    `json:"subject"`
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	Org        string    `json:"org"`
	OrgName    string    `json:"org_name"`
	Device     bool      `json:"device_alone"`
	Team       string    `json:"team,omitzero"`
	Source     string    `json:"source"`
	By         string    `json:"granted_by_name,omitzero"`
	Lender     string    `json:"lender,omitzero"`
	Reason     string    `json:"reason,omitzero"`
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until,omitzero"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	EndedBy    string    `json:"ended_by_name,omitzero"`
	EndedFor   string    `json:"ended_for,omitzero"`
}

func holdsOf(list []orgs.Holding) (all []hold) {
	for _, h := range list {
		all = append(all, hold{string(h.Assignment), string(h.Kind), string(h.Who), h.Name, string(h.Role), string(h.Org), h.OrgName, h.Device, h.Team,
			string(h.Source), h.By, h.Lender, h.Reason, h.Since, h.Until, h.Ended, h.EndedBy, h.EndedFor})
	}
	return all
}

// then is a device as it was at a moment.
type then struct {
	ID      string `json:"id,omitzero"`
	Org     string `json:"org"`
	Serial  string `json:"serial,omitzero"`
	Name    string `json:"name"`
	Channel string `json:"channel"`
}

func thenOf(d devices.Then) then {
	return then{string(d.ID), string(d.Org), d.Serial, d.Name, d.Channel}
}

// accessThen is who could see a thing at a moment.
type accessThen struct {
	At    time.Time `json:"at"`
	Thing then      `json:"thing"`
	Shut  bool      `json:"shut"`
	Held  []hold    `json:"held"`
}

// whoCould answers who could see the values of a device or channel.
func (a *API) whoCould(c echo.Context) error {
	ctx, o, at, err := a.back(c)
	if err != nil {
		return err
	}
	what, err := text(c, "what")
	if err != nil {
		return err
	}
	d, err := a.Devices.At(ctx, o.Tenant, what, at)
	if err != nil {
		return err
	}
	held, shut, err := a.Orgs.AccessAt(ctx, orgs.Spot{Org: d.Org, Device: d.ID, At: at}, policies.ReadDevice)
	if err != nil {
		return err
	}
	return say(c, http.StatusOK, accessThen{at, thenOf(d), shut, holdsOf(held)})
}

// reachThen is what somebody could see at a moment.
type reachThen struct {
	At      time.Time `json:"at"`
	Places  []some    `json:"places"`
	Devices []then    `json:"devices"`
	More    bool      `json:"more_devices"`
	Held    []hold    `json:"held"`
}

// whatCould answers of which devices somebody could see the values. Of somebody
// who is not known it says what it says of one who held nothing.
func (a *API) whatCould(c echo.Context) error {
	ctx, o, at, err := a.back(c)
	if err != nil {
		return err
	}
	who, err := a.named(c)
	if errors.Is(err, policies.ErrHidden) {
		who, err = "", nil
	}
	if err != nil {
		return err
	}
	r, err := a.Orgs.ReachAt(ctx, o.ID, who, policies.ReadDevice, at)
	if err != nil {
		return err
	}
	out := reachThen{At: at, Held: holdsOf(r.Held)}
	for _, p := range r.Places {
		out.Places = append(out.Places, some{ID: string(p), Name: r.Names[p]})
	}
	list, more, err := a.Devices.InAt(ctx, o.Tenant, r.Places, r.Devices, at)
	if err != nil {
		return err
	}
	for _, d := range list {
		out.Devices = append(out.Devices, thenOf(d))
	}
	out.More = more
	return say(c, http.StatusOK, out)
}

// back is the place whose past is asked about, for who may read its trail, and
// the moment; now where none is named.
func (a *API) back(c echo.Context) (ctx context.Context, o orgs.Org, at time.Time, err error) {
	ctx = c.Request().Context()
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return ctx, o, at, err
	}
	if err := a.Decider.Require(ctx, policies.ReadAudit, org); err != nil {
		return ctx, o, at, err
	}
	if o, err = a.Orgs.Get(ctx, org); err != nil {
		return ctx, o, at, err
	}
	now := a.Now().UTC()
	if at, err = moment(c, "at"); err == nil && at.After(now) {
		err = problem.ErrMalformed.At("at", "has not come yet")
	}
	if at.IsZero() {
		at = now
	}
	return ctx, o, at, err
}

package rest

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/problem"
	"halfkey/web/show"
)

// explanation is why somebody may or may not: person, role, place, rule. The
// chain says all of it in the sentences that the page has.
type explanation struct {
	Chain   []string  `json:"chain"`
	Subject string    `json:"subject"`
	Name    string    `json:"name"`
	Action  string    `json:"action"`
	Org     string    `json:"org"`
	Device  string    `json:"device,omitzero"`
	Allowed bool      `json:"allowed"`
	Cause   string    `json:"cause"`
	Decides *decider  `json:"decides,omitzero"`
	Holds   []decider `json:"holds"` // all that he holds here, where none of it is enough
	Closed  string    `json:"closed,omitzero"`
	Rule    string    `json:"rule,omitzero"`
	Needs   []string  `json:"needs"` // for a no: the roles that would allow it
	Asks    int       `json:"asks_assurance"`
}

// decider is a role in the chain.
type decider struct {
	seat
	Team     string    `json:"team,omitzero"`
	Lender   string    `json:"lender,omitzero"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
	EndedBy  string    `json:"ended_by,omitzero"`
	EndedFor string    `json:"ended_for,omitzero"`
}

// explain answers why the one named by who may do the action in the place, or
// with the device, or why not.
func (a *API) explain(c echo.Context) error {
	ctx := c.Request().Context()
	who, err := a.named(c)
	if err != nil {
		return err
	}
	act, err := policies.ParseAction(c.QueryParam("action"))
	if err != nil {
		return problem.ErrMalformed.At("action", "is an action like device:read")
	}
	org, err := optional(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	dev, err := optional(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	if dev != "" {
		v, err := a.Devices.Get(ctx, dev)
		if err != nil {
			return err
		}
		org = v.Org
	}
	if org == "" {
		return problem.ErrMalformed.At("org", "or a device is needed")
	}
	e, chain, err := a.Orgs.Explain(ctx, who, act, org, dev)
	if err != nil {
		return err
	}
	names, err := a.placeNames(ctx)
	if err != nil {
		return err
	}
	out := explanationOf(e, names)
	out.Chain = show.Lines(ctx, chain)
	return say(c, http.StatusOK, out)
}

// named is the person whom the address asks about: by id or address, or oneself.
func (a *API) named(c echo.Context) (iam.UserID, error) {
	ctx := c.Request().Context()
	s := c.QueryParam("who")
	if s == "" {
		me, _ := policies.Asking(ctx)
		return me, nil
	}
	if who, err := iam.ParseUserID(s); err == nil {
		return who, nil
	}
	email, err := iam.ParseEmail(s)
	if err != nil {
		return "", problem.ErrMalformed.At("who", "is an id or an e-mail address")
	}
	u, err := a.Users.ByEmail(ctx, email)
	if errors.Is(err, iam.ErrUserUnknown) {
		return "", policies.ErrHidden // as for somebody whom the caller may not ask about
	}
	return u.ID, err
}

func explanationOf(e policies.Explanation, names map[iam.OrgID]string) explanation {
	out := explanation{Subject: string(e.User), Name: e.Name, Action: e.Action.String(), Org: string(e.Org), Device: string(e.Device),
		Allowed: e.Cause == policies.Allowed, Cause: string(e.Cause), Closed: string(e.Closed), Rule: e.Rule, Asks: int(e.Asks)}
	as := func(l policies.Link) decider {
		return decider{seatOf(l.Assignment, names[l.Org]), string(l.Team), l.Lender, l.EndedAt, string(l.EndedBy), l.EndedFor}
	}
	if e.Link != nil {
		d := as(*e.Link)
		out.Decides = &d
	}
	for _, l := range e.Links {
		out.Holds = append(out.Holds, as(l))
	}
	for _, r := range e.Needs {
		out.Needs = append(out.Needs, string(r))
	}
	return out
}

package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
)

func (a *API) looking(g *echo.Group) {
	g.GET("/orgs/:org/reviews", a.listReviews, paged())
	g.POST("/orgs/:org/reviews", a.startReview, a.once, known())
	g.GET("/reviews/:review", a.getReview, known())
	g.GET("/reviews/:review/items", a.reviewItems, paged())
	g.POST("/reviews/:review/items/:item", a.decideItem, known())
	g.POST("/reviews/:review/close", a.closeReview, known())
}

func (a *API) reviews() orgs.Reviews {
	return orgs.Reviews{Orgs: a.Orgs, Store: a.Channels, Machines: a.Machines}
}

// review asks who shall keep what he holds.
type review struct {
	ID        string    `json:"id"`
	Org       string    `json:"org"`
	OrgName   string    `json:"org_name"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name,omitzero"`
	Roles     []string  `json:"roles"`
	Undecided string    `json:"undecided"`
	MadeBy    string    `json:"made_by"`
	Maker     string    `json:"made_by_name"`
	MadeAt    time.Time `json:"made_at"`
	Due       time.Time `json:"due,omitzero"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	Items     int       `json:"items"`
	Decided   int       `json:"decided"`
}

func reviewOf(r orgs.Review) review {
	out := review{ID: string(r.ID), Org: string(r.Org), OrgName: r.OrgName, Kind: r.Kind, Name: r.Name, Undecided: r.Undecided, MadeBy: string(r.MadeBy),
		Maker: r.Maker, MadeAt: r.MadeAt, Due: r.Due, ClosedAt: r.Closed, Items: r.Items, Decided: r.Decided}
	for _, role := range r.Roles {
		out.Roles = append(out.Roles, string(role))
	}
	return out
}

// question is one thing that somebody holds, and what was decided about it.
type question struct {
	ID       string    `json:"id"`
	Org      string    `json:"org"`
	OrgName  string    `json:"org_name"`
	What     string    `json:"what"`
	Kind     string    `json:"subject_type"`
	Who      string    `json:"subject,omitzero"`
	Name     string    `json:"name"`
	Role     string    `json:"role,omitzero"`
	Target   string    `json:"target,omitzero"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"`
	UsedAt   time.Time `json:"used_at,omitzero"`
	Decision string    `json:"decision,omitzero"`
	Reason   string    `json:"reason,omitzero"`
	Decider  string    `json:"decided_by,omitzero"`
	At       time.Time `json:"decided_at,omitzero"`
	Failure  string    `json:"failure,omitzero"`
}

func questionOf(i orgs.Item) question {
	return question{string(i.ID), string(i.Org), i.OrgName, i.What, string(i.Kind), string(i.Who), i.Name, string(i.Role), i.Target, i.Since, i.Until, i.Used,
		i.Decision, i.Reason, i.Decider, i.At, i.Failure}
}

func (a *API) listReviews(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	o, err := a.Orgs.Get(ctx, org)
	if err != nil {
		return err
	}
	if err := a.Decider.Require(ctx, policies.ReadPeople, org); err != nil {
		return err
	}
	all := func() ([]orgs.Review, error) { return a.reviews().List(ctx, o.Tenant) }
	return listOf(c, "reviews", all, reviewOf, func(r review) string { return r.ID })
}

func (a *API) startReview(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	var in struct {
		Kind      string    `json:"kind"`
		Name      string    `json:"name"`
		Roles     []string  `json:"roles"`
		Undecided string    `json:"undecided"`
		Due       time.Time `json:"due"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	q := orgs.ReviewRequest{Org: org, Kind: in.Kind, Name: in.Name, Undecided: in.Undecided, Due: in.Due}
	for _, r := range in.Roles {
		q.Roles = append(q.Roles, policies.Role(r))
	}
	ctx := c.Request().Context()
	made, err := a.reviews().Start(ctx, q)
	if err != nil {
		return err
	}
	r, _, err := a.reviews().Get(ctx, made)
	if err != nil {
		return err
	}
	return created(c, "/reviews/"+string(made), reviewOf(r))
}

// reviewID takes the review's id from the address.
func reviewID(c echo.Context) (orgs.ReviewID, error) {
	r, err := id(c, "review", iam.ParseAssignmentID) // an id like any other
	return orgs.ReviewID(r), err
}

func (a *API) getReview(c echo.Context) error {
	which, err := reviewID(c)
	if err != nil {
		return err
	}
	r, _, err := a.reviews().Get(c.Request().Context(), which)
	if err != nil {
		return err
	}
	return thing(c, http.StatusOK, reviewOf(r))
}

func (a *API) reviewItems(c echo.Context) error {
	which, err := reviewID(c)
	if err != nil {
		return err
	}
	all := func() ([]orgs.Item, error) {
		_, items, err := a.reviews().Get(c.Request().Context(), which)
		return items, err
	}
	return listOf(c, "review_items", all, questionOf, func(q question) string { return q.ID })
}

func (a *API) decideItem(c echo.Context) error {
	if _, err := reviewID(c); err != nil {
		return err
	}
	item, err := id(c, "item", iam.ParseAssignmentID) // an id like any other
	if err != nil {
		return err
	}
	var in struct {
		Decision string `json:"decision"`
		Reason   string `json:"reason"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	if err := a.reviews().Decide(c.Request().Context(), orgs.ItemID(item), in.Decision, cut(in.Reason, reasonMost)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// reasonMost is the longest reason that is kept, in bytes.
const reasonMost = 200

func (a *API) closeReview(c echo.Context) error {
	which, err := reviewID(c)
	if err != nil {
		return err
	}
	if err := a.reviews().Close(c.Request().Context(), which); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

package portal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// mountReviews adds the pages on which people look through who holds what.
func (p *Portal) mountReviews(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/reviews": p.reviews, "/reviews/:id": p.review} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.POST("/reviews", p.startReview)
	g.POST("/reviews/:id/items/:item", p.decideReview)
	g.POST("/reviews/:id/close", p.closeReview)
}

// reviewsPage lists reviews, and begins new ones for who may.
type reviewsPage struct {
	Org      string
	All      []orgs.Review
	CanStart bool
	Form     reviewForm
}

type reviewForm struct {
	Name, Due, Role, Undecided string
	Roles                      []ui.Option
	Wrong                      map[string]string
}

func (p *Portal) reviews(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "review.title"), "reviews")
	if err != nil {
		return err
	}
	f := reviewForm{Due: p.Now().AddDate(0, 0, 14).Format(time.DateOnly), Undecided: orgs.Keep}
	return p.answerReviews(c, http.StatusOK, h, f)
}

func (p *Portal) answerReviews(c echo.Context, status int, h frame.Here, f reviewForm) (err error) {
	ctx := c.Request().Context()
	if err := p.Decider.Require(ctx, policies.ReadPeople, h.Org.ID); err != nil {
		return err
	}
	v := reviewsPage{Org: string(h.Org.ID), CanStart: p.Decider.May(ctx, policies.ReviewAccess, h.Org.ID), Form: f}
	if v.All, err = p.Reviews.List(ctx, h.Org.Tenant); err != nil {
		return err
	}
	v.Form.Roles = []ui.Option{{Label: ui.T(ctx, "review.roles.all")}}
	for _, r := range policies.Roles() {
		if r != policies.PlatformAdmin {
			v.Form.Roles = append(v.Form.Roles, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
		}
	}
	return show.Page(c, status, reviewsView(h.Page, v))
}

// startReview begins an owner's own review or a campaign.
func (p *Portal) startReview(c echo.Context) error {
	ctx := c.Request().Context()
	org, err := iam.ParseOrgID(c.FormValue("org"))
	if err != nil {
		return err
	}
	q := orgs.ReviewRequest{Org: org, Kind: c.FormValue("kind"), Name: c.FormValue("name"), Undecided: c.FormValue("undecided"), Due: form.Evening(c.FormValue("due"))}
	if role := c.FormValue("role"); role != "" {
		q.Roles = []policies.Role{policies.Role(role)}
	}
	id, err := p.Reviews.Start(ctx, q)
	if wrong, ok := form.Wrong(err); ok {
		h, err := p.Frame.In(c, org, ui.T(ctx, "review.title"), "reviews")
		if err != nil {
			return err
		}
		f := reviewForm{Name: q.Name, Due: c.FormValue("due"), Role: c.FormValue("role"), Undecided: q.Undecided, Wrong: wrong}
		return p.answerReviews(c, http.StatusUnprocessableEntity, h, f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/reviews/"+string(id))
}

// reviewPage is one review with its questions, by place.
type reviewPage struct {
	orgs.Review
	Places []reviewPlace
	Open   int // that the viewer could decide
	Runs   bool
	Now    time.Time
}

type reviewPlace struct {
	Name  string
	Items []reviewItem
}

type reviewItem struct {
	orgs.Item
	RoleWord string
	May      bool // the viewer decides
}

func (p *Portal) review(c echo.Context) error {
	ctx := c.Request().Context()
	review, items, err := p.Reviews.Get(ctx, orgs.ReviewID(c.Param("id")))
	if err != nil {
		return err
	}
	h, err := p.Frame.In(c, p.placeOf(ctx, review, items), ui.T(ctx, "review.title"), "reviews")
	if err != nil {
		return err
	}
	v := reviewPage{Review: review, Now: p.Now(), Runs: p.Decider.May(ctx, policies.ReviewAccess, review.Org)}
	me, _ := policies.Asking(ctx)
	for _, i := range items {
		item := reviewItem{Item: i, RoleWord: p.roleWord(ctx, i.Role)}
		item.May = review.Closed.IsZero() && i.Decision != orgs.Stop && i.Who != me && p.Decider.May(ctx, policies.ManagePeople, i.Org)
		if item.May && i.Decision == "" {
			v.Open++
		}
		if n := len(v.Places); n == 0 || v.Places[n-1].Name != i.OrgName {
			v.Places = append(v.Places, reviewPlace{Name: i.OrgName})
		}
		last := &v.Places[len(v.Places)-1]
		last.Items = append(last.Items, item)
	}
	return show.Page(c, http.StatusOK, reviewView(h.Page, v))
}

// placeOf is where the viewer sees the review: its place, or the first that he
// is asked about.
func (p *Portal) placeOf(ctx context.Context, r orgs.Review, items []orgs.Item) iam.OrgID {
	if len(items) > 0 && !p.Decider.May(ctx, policies.ReadOrg, r.Org) {
		return items[0].Org
	}
	return r.Org
}

func (p *Portal) decideReview(c echo.Context) error {
	reason := form.Words(c.FormValue("reason"))
	err := p.Reviews.Decide(c.Request().Context(), orgs.ItemID(c.Param("item")), c.FormValue("decision"), reason)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/reviews/"+strings.TrimSpace(c.Param("id"))+"#i-"+c.Param("item"))
}

func (p *Portal) closeReview(c echo.Context) error {
	if err := p.Reviews.Close(c.Request().Context(), orgs.ReviewID(c.Param("id"))); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/reviews/"+c.Param("id"))
}

// nameOf is what a review is called; an owner's own has no name.
func nameOf(ctx context.Context, r orgs.Review) string {
	if r.Kind == orgs.OwnReview {
		return ui.T(ctx, "review.own")
	}
	return r.Name
}

// itemWord is what an item is about.
func itemWord(ctx context.Context, i reviewItem) string {
	switch i.What {
	case orgs.ItemShare:
		return ui.T(ctx, "review.item.share", "Role", i.RoleWord)
	case orgs.ItemDeputy:
		return ui.T(ctx, "review.item.deputy", "Role", i.RoleWord)
	case orgs.ItemInvitation:
		return ui.T(ctx, "review.item.invitation", "Role", i.RoleWord)
	case orgs.ItemToken:
		return ui.T(ctx, "review.item.token")
	case orgs.ItemReadKey:
		return ui.T(ctx, "review.item.readkey")
	}
	return i.RoleWord
}

func decisionWord(ctx context.Context, decision string) string {
	switch decision {
	case orgs.Keep:
		return ui.T(ctx, "review.kept")
	case orgs.Stop:
		return ui.T(ctx, "review.ended")
	}
	return ui.T(ctx, "review.open")
}

func dueText(ctx context.Context, r orgs.Review) string {
	if r.Undecided == orgs.Stop {
		return ui.T(ctx, "review.due.end", "Day", ui.Day(ctx, r.Due))
	}
	return ui.T(ctx, "review.due.keep", "Day", ui.Day(ctx, r.Due))
}

// closeWord is what the button does with those that nobody decided about.
func closeWord(ctx context.Context, r orgs.Review) string {
	if r.Undecided == orgs.Stop {
		return ui.T(ctx, "review.close.end")
	}
	return ui.T(ctx, "review.close.keep")
}

// finishKind makes finishing the main thing once nothing is open.
func finishKind(open int) string {
	if open == 0 {
		return "primary"
	}
	return ""
}

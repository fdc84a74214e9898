package portal

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/web/ask"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// mountKeeping adds the page of how long a place keeps readings.
func (p *Portal) mountKeeping(g *echo.Group) {
	fresh := p.Frame.Door.Fresh // what goes does not come back
	g.GET("/orgs/:id/keeping", p.keeping)
	g.HEAD("/orgs/:id/keeping", p.keeping)
	g.POST("/orgs/:id/keeping", p.setKeeping, fresh)
	g.POST("/orgs/:id/keeping/drop", p.dropKeeping, fresh)
}

func (p *Portal) keeping(c echo.Context) error {
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	return p.answerKeeping(c, http.StatusOK, h, keepingPage{})
}

// answerKeeping draws the page, with what was typed where that is wrong.
func (p *Portal) answerKeeping(c echo.Context, status int, h frame.Here, v keepingPage) error {
	ctx := c.Request().Context()
	kept, err := p.Keeping.Of(ctx, h.Org.ID)
	if err != nil {
		return err
	}
	v.Kept, v.At, v.Back = kept, keepingAt(h), ui.Crumb{Name: h.Org.Name, Href: "/orgs/" + string(h.Org.ID)}
	if v.Wrong == "" {
		v.Entries, v.Sums = daysTyped(kept.Entries), daysTyped(kept.Sums)
	}
	h.Page.Title, h.Page.Path = ui.T(ctx, "keeping.title"), v.At
	return show.Page(c, status, keepingView(h.Page, v))
}

func keepingAt(h frame.Here) string { return "/orgs/" + string(h.Org.ID) + "/keeping" }

// daysTyped is a number of days in a field; for ever is an empty one.
func daysTyped(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// readDays is -1 for what is no number of days.
func readDays(s string) int {
	if s = strings.TrimSpace(s); s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return -1
	}
	return n
}

// setKeeping gives the place a rule; before something goes for good, it asks.
func (p *Portal) setKeeping(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	typed := keepingPage{Entries: c.FormValue("entries"), Sums: c.FormValue("sums")}
	r := channels.Rule{Entries: readDays(typed.Entries), Sums: readDays(typed.Sums)}
	if err := r.Check(); err != nil {
		typed.Wrong = fault.Of(err).Sentence
		return p.answerKeeping(c, http.StatusUnprocessableEntity, h, typed)
	}
	lines := goingLines(ctx, r)
	if len(lines) > 0 && c.FormValue("sure") == "" {
		return p.askKeeping(c, h, ask.Question{Title: ui.T(ctx, "keeping.sure", "Org", h.Org.Name), Lines: lines, Action: keepingAt(h), Yes: ui.T(ctx, "keeping.sure.yes"),
			Hidden: ask.Hidden("entries", typed.Entries, "sums", typed.Sums, "sure", "1")})
	}
	if err := p.Keeping.Set(ctx, h.Org.ID, r.Entries, r.Sums); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keepingAt(h))
}

// goingLines tell what a rule lets go.
func goingLines(ctx context.Context, r channels.Rule) (lines []string) {
	if r.Entries > 0 {
		lines = append(lines, ui.T(ctx, "keeping.goes.entries", "Count", r.Entries))
	}
	if r.Sums > 0 {
		lines = append(lines, ui.T(ctx, "keeping.goes.sums", "Count", r.Sums))
	}
	return lines
}

// askKeeping asks for what does not come back.
func (p *Portal) askKeeping(c echo.Context, h frame.Here, q ask.Question) error {
	ctx := c.Request().Context()
	q.Text, q.No, q.NoHref, q.Danger = ui.T(ctx, "keeping.sure.text"), ui.T(ctx, "portal.sure.no"), keepingAt(h), true
	return show.Page(c, http.StatusOK, ask.Page(h.Page, q))
}

// dropKeeping lets the rule of the place above count.
func (p *Portal) dropKeeping(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.orgHere(c)
	if err != nil {
		return err
	}
	above := channels.Rule{}
	if h.Org.Parent != "" {
		if above, err = p.Channels.RuleFor(ctx, h.Org.Parent); err != nil {
			return err
		}
	}
	if lines := goingLines(ctx, above); len(lines) > 0 && c.FormValue("sure") == "" {
		return p.askKeeping(c, h, ask.Question{Title: ui.T(ctx, "keeping.sure", "Org", h.Org.Name), Lines: lines, Action: keepingAt(h) + "/drop", Yes: ui.T(ctx, "keeping.sure.yes"), Hidden: ask.Hidden("sure", "1")})
	}
	if err := p.Keeping.Drop(ctx, h.Org.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, keepingAt(h))
}

// keepRunWord is how a round went.
func keepRunWord(ctx context.Context, r orgs.KeepRun) (kind, word string) {
	switch {
	case r.Stopped:
		return "warn", ui.T(ctx, "keeping.run.stopped", "Percent", r.Percent)
	case r.Ended.IsZero():
		return "", ui.T(ctx, "keeping.run.now", "Percent", r.Percent)
	}
	return "good", ui.T(ctx, "keeping.run.done")
}

// ruleWord says which rule counts, and whose it is.
func ruleWord(ctx context.Context, k orgs.Kept) string {
	switch {
	case k.Own:
		return ui.T(ctx, "keeping.own")
	case k.By != "":
		return ui.T(ctx, "keeping.above.named", "Org", k.By)
	case k.Above:
		return ui.T(ctx, "keeping.above")
	}
	return ui.T(ctx, "keeping.none")
}

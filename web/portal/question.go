package portal

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// surely shows what a deed would come to, and does it once the viewer has said
// yes to that: the form comes back with "sure".
func (p *Portal) surely(c echo.Context, deed func(context.Context) error, q question) error {
	ctx := c.Request().Context()
	if c.FormValue("sure") == "" {
		if err := p.foresee(ctx, deed, &q); err != nil {
			return err
		}
		if !q.Light || !q.quiet {
			return p.ask(c, q)
		}
	}
	if err := deed(ctx); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, cmp.Or(q.Done, q.NoHref))
}

// foresee rehearses a deed and puts into the question what would come of it.
func (p *Portal) foresee(ctx context.Context, deed func(context.Context) error, q *question) error {
	var preview orgs.Preview
	if err := deed(orgs.Rehearse(ctx, &preview)); err != nil {
		return err
	}
	lines := preview.Lines()
	q.Lines = show.Lines(ctx, lines)
	q.quiet = len(lines) == 1 && lines[0].ID == "preview.nothing"
	q.Exposed = q.Rotates && slices.ContainsFunc(preview.Keys, func(k orgs.KeyChange) bool { return k.What == orgs.Exposed })
	return nil
}

// consequences tells what would come of a deed, for a page that asks in its own way.
func (p *Portal) consequences(ctx context.Context, deed func(context.Context) error) ([]string, error) {
	var q question
	err := p.foresee(ctx, deed, &q)
	return q.Lines, err
}

// ask shows a question; the form comes back with "sure".
func (p *Portal) ask(c echo.Context, q question) error {
	h, err := p.Frame.At(c, q.Title, cmp.Or(q.Active, "people"))
	if err != nil {
		return err
	}
	h.Page.Path = q.NoHref
	q.Hidden = append(q.Hidden, ui.Crumb{Name: "sure", Href: "1"})
	return show.Page(c, http.StatusOK, questionPage(h.Page, q))
}

// hidden are fields that a form keeps: pairs of name and value, but for empty ones.
func hidden(kv ...string) []ui.Crumb {
	var all []ui.Crumb
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			all = append(all, ui.Crumb{Name: kv[i], Href: kv[i+1]})
		}
	}
	return all
}

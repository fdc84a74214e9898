// Package ask puts a question before a deed: what it would come to, and then
// "yes" or "no". It knows no deed, and it does one only after a yes.
package ask

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Before shows what a deed would come to, and does it once the viewer has said
// yes to that: the form comes back with "sure".
func Before(c echo.Context, f *frame.Frame, deed func(context.Context) error, q Question) error {
	ctx := c.Request().Context()
	if c.FormValue("sure") == "" {
		if err := q.Foresee(ctx, deed); err != nil {
			return err
		}
		if !q.Light || !q.quiet {
			return q.Put(c, f)
		}
	}
	if err := deed(ctx); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, cmp.Or(q.Done, q.NoHref))
}

// Foresee rehearses a deed and puts into the question what would come of it.
func (q *Question) Foresee(ctx context.Context, deed func(context.Context) error) error {
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

// Put shows the question; the form comes back with "sure".
func (q Question) Put(c echo.Context, f *frame.Frame) error {
	h, err := f.At(c, q.Title, cmp.Or(q.Active, "people"))
	if err != nil {
		return err
	}
	h.Page.Path = q.NoHref
	q.Hidden = append(q.Hidden, ui.Crumb{Name: "sure", Href: "1"})
	return show.Page(c, http.StatusOK, Page(h.Page, q))
}

// Hidden are fields that a form keeps: pairs of name and value, but for empty ones.
func Hidden(kv ...string) []ui.Crumb {
	var all []ui.Crumb
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			all = append(all, ui.Crumb{Name: kv[i], Href: kv[i+1]})
		}
	}
	return all
}

func kindOf(danger bool) string {
	if danger {
		return "danger"
	}
	return "primary"
}

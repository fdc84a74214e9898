package portal

import (
	"bytes"
	"context"
	"html"
	"io"

	"github.com/a-h/templ"

	"halfkey/web/ui"
)

// deviceLines are the rows of the table of devices, written by hand rather than
// in templ: the list has the most rows of all pages, and this is a third of its cost.
func deviceLines(rows []deviceRow) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		cell := func(id string) string { return `</td><td data-label="` + html.EscapeString(ui.T(ctx, id)) + `">` }
		state, value, channel := cell("portal.col.state"), cell("portal.col.value"), cell("portal.col.channel")
		age, place := cell("portal.col.keyage"), cell("portal.col.place")
		state = state[len("</td>"):] // a row begins with its header
		out := make([]byte, 0, 1024*len(rows))
		for _, r := range rows {
			out = append(out, `<tr><th scope="row"><a href="`...)
			out = append(out, html.EscapeString(r.Href)...)
			out = append(out, `">`...)
			out = append(out, html.EscapeString(r.Name)...)
			out = append(out, `</a> <span class="mono quiet row-serial">`...)
			out = append(out, html.EscapeString(r.Serial)...)
			out = append(append(out, `</span></th>`...), state...)
			out = ui.AppendState(ctx, out, r.State, r.Since)
			if !r.AsOf.IsZero() {
				var asOf bytes.Buffer
				if err := ui.AsOf(r.AsOf).Render(ctx, &asOf); err != nil {
					return err
				}
				out = append(out, asOf.Bytes()...)
			}
			out = append(out, value...)
			if r.Value != "" {
				out = append(out, html.EscapeString(r.Value+" "+r.Unit)...)
			} else {
				out = append(out, "–"...)
			}
			out = append(append(out, channel...), `<span class="mono">`...)
			out = append(out, html.EscapeString(r.Channel)...)
			out = append(append(out, `</span>`...), age...)
			out = append(append(out, html.EscapeString(r.KeyAge)...), place...)
			out = append(append(out, html.EscapeString(r.Place)...), `</td></tr>`...)
		}
		_, err := w.Write(out)
		return err
	})
}

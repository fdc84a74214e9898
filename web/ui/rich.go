package ui

import (
	"context"
	"html"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Rich is T with emphasis: **bold** and `key or serial` in the catalogue's text
// become <strong> and <code>. Values are escaped and never read as marks.
func Rich(id string, kv ...any) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		b := bookOf(ctx)
		m, ok := b.messages[id]
		if !ok {
			_, err := io.WriteString(w, html.EscapeString(id))
			return err
		}
		var out strings.Builder
		var bold, code bool
		for i, piece := range b.pick(m, kv) {
			if i%2 == 1 {
				out.WriteString(html.EscapeString(value(piece, kv)))
				continue
			}
			piece = html.EscapeString(piece)
			piece = toggle(piece, "**", "strong", &bold)
			out.WriteString(toggle(piece, "`", "code", &code))
		}
		_, err := io.WriteString(w, out.String())
		return err
	})
}

// toggle turns each mark into an opening or closing tag in turn.
func toggle(s, mark, tag string, open *bool) string {
	for strings.Contains(s, mark) {
		t := "<" + tag + ">"
		if *open {
			t = "</" + tag + ">"
		}
		*open = !*open
		s = strings.Replace(s, mark, t, 1)
	}
	return s
}

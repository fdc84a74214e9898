package ui

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// iconHead is what the sprite leaves out of a single icon's file.
var iconHead = regexp.MustCompile(`(?s)^.*?<svg.*?>\s*(.*?)\s*</svg>\s*$`)

// sprite joins the icons of assets/icons into one file of <symbol>s.
func sprite() []byte {
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, name := range list("assets/icons", ".svg") {
		b, _ := files.ReadFile("assets/icons/" + name)
		id := strings.TrimSuffix(name, ".svg")
		out.WriteString(`<symbol id="` + id + `" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">`)
		out.Write(iconHead.ReplaceAll(b, []byte("$1")))
		out.WriteString("</symbol>\n")
	}
	out.WriteString("</svg>")
	return out.Bytes()
}

var iconStart = sync.OnceValue(func() string {
	return `<svg class="icon" aria-hidden="true" focusable="false"><use href="` + Asset("icons.svg") + "#"
})

// Icon draws one of the icons in assets/icons by name. It is silent for screen
// readers: the words beside it, or the button's label, say what it means.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		io.WriteString(w, iconStart())
		io.WriteString(w, name)
		_, err := io.WriteString(w, `"></use></svg>`)
		return err
	})
}

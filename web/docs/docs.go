// Package docs is the guide to the API: the same description that programs read,
// filled with the reader's own host and, once he is signed in, his own ids. It
// knows nothing that the description does not say.
package docs

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/api/rest"
	"halfkey/web/auth"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Guide serves the page.
type Guide struct {
	Door    *auth.Door
	Frame   *frame.Frame
	Orgs    *orgs.Service
	Devices *devices.Service
}

// Mount adds the page; it is open to strangers.
func (g *Guide) Mount(to *echo.Group) {
	to.GET("/docs/api", g.api)
	to.HEAD("/docs/api", g.api)
}

// chapter is a noun with what one can do with it.
type chapter struct {
	ID, Name, Text string
	Entries        []entry
}

// tabs lead to the chapters.
func tabs(all []chapter) (t []ui.Tab) {
	for _, c := range all {
		t = append(t, ui.Tab{ID: c.ID, Label: c.Name, Href: "#" + c.ID})
	}
	return t
}

// entry is an operation with a line that works when it is copied.
type entry struct {
	rest.Operation
	Line string
}

func (g *Guide) api(c echo.Context) error {
	ctx := c.Request().Context()
	p, err := g.page(c)
	if err != nil {
		return err
	}
	chapters, err := rest.Chapters()
	if err != nil {
		return err
	}
	host, own := g.Door.Base(c), g.own(ctx)
	var all []chapter
	for _, ch := range chapters {
		out := chapter{ID: ch.Name, Name: strings.ToUpper(ch.Name[:1]) + ch.Name[1:], Text: ch.Text}
		for _, o := range ch.Operations {
			out.Entries = append(out.Entries, entry{o, line(host, o, own)})
		}
		all = append(all, out)
	}
	return show.Page(c, http.StatusOK, apiPage(p, host, all))
}

// page is the reader's own frame, or the bare ground for a stranger.
func (g *Guide) page(c echo.Context) (ui.Page, error) {
	title := ui.T(c.Request().Context(), "api.title")
	if _, in := auth.Of(c.Request().Context()); in {
		if h, err := g.Frame.At(c, title, ""); err == nil {
			return h.Page, nil
		}
	}
	return g.Door.Page(c, title), nil
}

// own are ids of the reader's, by the parameter that they stand for: the first
// of each that he sees.
func (g *Guide) own(ctx context.Context) map[string]string {
	ids := map[string]string{}
	places, err := g.Orgs.Places(ctx, policies.ReadOrg)
	if err != nil || len(places) == 0 {
		return ids
	}
	ids["org"] = string(places[0].ID)
	if keys, err := g.Orgs.Keys(ctx, places[0].ID); err == nil && len(keys) > 0 {
		ids["key"] = string(keys[0].ID)
	}
	if list, err := g.Devices.List(ctx, devices.Filter{Limit: 1}); err == nil && len(list) > 0 {
		ids["device"], ids["channel"] = string(list[0].ID), list[0].Channel
	}
	if who, ok := policies.Asking(ctx); ok {
		ids["person"] = string(who)
	}
	return ids
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// asks are the parameters without which an operation says nothing.
var asks = map[string]string{"explain": "action=device:read&org={org}", "accessAt": "what={device}"}

// fill puts ids into their places.
func fill(text string, own map[string]string) string {
	return parameter.ReplaceAllStringFunc(text, func(p string) string {
		name := p[1 : len(p)-1]
		if id := own[name]; id != "" {
			return id
		}
		return strings.ToUpper(name) + "_ID"
	})
}

// line is a call of the operation, for a shell. What the reader has none of is
// in capitals, for him to put in.
func line(host string, o rest.Operation, own map[string]string) string {
	path := fill(o.Path, own)
	if ask := asks[o.ID]; ask != "" {
		path += "?" + fill(ask, own)
	}
	var b strings.Builder
	b.WriteString("curl")
	if o.Method != http.MethodGet {
		b.WriteString(" -X " + o.Method)
	}
	if !o.Open {
		b.WriteString(` -H "Authorization: Bearer $HALFKEY_TOKEN"`)
	}
	if o.Body != "" {
		body := o.Body
		if own["org"] != "" {
			body = strings.ReplaceAll(body, rest.ExampleID, own["org"])
		}
		b.WriteString(" -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(body, "'", `'\''`) + "'")
	}
	return b.String() + " '" + host + rest.Prefix + path + "'"
}

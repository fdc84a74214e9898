package rest

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/web/plot"
)

func (a *API) embeds(g *echo.Group) {
	g.GET("/devices/:device/embeds", listIn("embeds", "device", iam.ParseDeviceID, a.Devices.Embeds, embedOf, func(e embed) string { return e.ID }), paged())
	g.POST("/devices/:device/embeds", a.makeEmbed, a.fresh, a.once, known())
	g.DELETE("/devices/:device/embeds/:embed", doesIn("device", iam.ParseDeviceID, "embed", anyID[string], a.Devices.EndEmbed), known())
}

// embed is a link that shows a device's chart inside another page; Link is there
// only when it is made.
type embed struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"`
	Range     string    `json:"range"`
	By        string    `json:"made_by"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	Link      string    `json:"link,omitzero"`
}

func embedOf(e devices.Embed) embed {
	return embed{ID: e.ID, Label: e.Label, Range: e.Span, By: string(e.By), CreatedAt: e.Created, UsedAt: e.Used}
}

func (a *API) makeEmbed(c echo.Context) error {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	var in struct {
		Label string `json:"label"`
		Range string `json:"range"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	if !slices.ContainsFunc(plot.Ranges, func(r plot.Range) bool { return r.ID == in.Range }) {
		return iam.Wrong("range", devices.ErrEmbedSpan)
	}
	made, token, err := a.Devices.MakeEmbed(c.Request().Context(), dev, in.Label, in.Range)
	if err != nil {
		return err
	}
	out := embedOf(made)
	out.Link = a.BaseURL(c) + "/embed/" + token.Reveal()
	return say(c, http.StatusCreated, out)
}

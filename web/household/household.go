// Package household is what viewers see: their channels as charts, and their own
// read keys. It shows no more than devices lets the viewer see.
package household

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/bulk"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/file"
	"halfkey/web/frame"
	"halfkey/web/notice"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// House serves the pages.
type House struct {
	Frame    *frame.Frame
	Notices  notice.Board
	Devices  *devices.Service
	Channels *channels.Store
	Bulk     *bulk.Service
	Decider  *policies.Decider
	ReadURL  func(c echo.Context) string // of the door where programs read, no slash at the end
	Now      func() time.Time
}

// Mount adds the pages; g lets only those in who are signed in.
func (h *House) Mount(g *echo.Group) {
	for path, page := range map[string]echo.HandlerFunc{"/c": h.channels, "/c/:id": h.channel, "/c/:id/data": h.data, "/k": h.keys,
		ImportPath: h.importPage, ImportPath + "/:run": h.importRun} {
		g.GET(path, page)
		g.HEAD(path, page)
	}
	g.GET("/k/:id", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/k") })
	g.POST("/k/:id", h.reveal, h.Frame.Door.Fresh)
	g.POST("/k/:id/revoke", h.revoke)
	g.GET("/c/:id/readings.csv", h.download)
	g.GET("/c/:id/readings.ndjson", h.download)
	g.POST(ImportPath, h.importFile, file.Expect)
	g.POST("/c/:id/embeds", h.makeEmbed, h.Frame.Door.Fresh)
	g.POST("/c/:id/embeds/:embed/end", h.endEmbed)
}

// Streams are the pages that stay alive.
func (h *House) Streams() map[string]frame.Stream {
	return map[string]frame.Stream{"channels": h.stream, "import": h.importStream}
}

// Enrol is where a phone lands that scanned a key. The key is in the part of the
// address that no server sees.
func (h *House) Enrol(c echo.Context) error {
	p := h.Frame.Door.Page(c, ui.T(c.Request().Context(), "household.enrol.title"))
	return show.Page(c, http.StatusOK, enrolPage(p))
}

// at are the devices whose values the viewer sees at a place, those with readings first.
func (h *House) at(ctx context.Context, org iam.OrgID) ([]devices.View, error) {
	if org == "" { // no place of his
		return nil, nil
	}
	all, err := h.Devices.List(ctx, devices.Filter{Org: org, Limit: 200})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d devices.View) bool { return !d.Values })
	slices.Reverse(all) // the first that came is the first shown
	var measured, waiting []devices.View
	for _, d := range all {
		if d.Summary.LastValue == "" {
			waiting = append(waiting, d)
		} else {
			measured = append(measured, d)
		}
	}
	return append(measured, waiting...), nil
}

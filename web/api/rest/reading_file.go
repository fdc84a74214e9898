package rest

import (
	"io"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/web/file"
)

// readingFiles is whole channels, out and in.
func (a *API) readingFiles(g *echo.Group) {
	g.GET("/channels/:channel/file", a.exportReadings, known("form", "from", "to"))
	g.POST("/channels/:channel/file", a.importReadings, known("good_rows"), file.Expect)
}

// exportReadings sends every entry of a stretch of time, however many, as they
// are read.
func (a *API) exportReadings(c echo.Context) error {
	number, _, err := a.channelHere(c)
	if err != nil {
		return err
	}
	form, err := oneOf(c, "form", channels.CSV, channels.NDJSON)
	if err != nil {
		return err
	}
	if form == "" {
		form = channels.CSV
	}
	from, to, err := span(c)
	if err != nil {
		return err
	}
	return file.Send(c, "channel-"+number.String()+"."+string(form), form.MIME(), func(w io.Writer) error {
		return a.Channels.WriteFile(c.Request().Context(), w, number, from, to, form)
	})
}

// importReadings starts a run that stores the readings of the body. It keeps no
// answer for an Idempotency-Key: the same file twice changes nothing.
func (a *API) importReadings(c echo.Context) error {
	_, d, err := a.channelHere(c)
	if err != nil {
		return err
	}
	if _, _, err := a.Devices.Importing(c.Request().Context(), d.ID); err != nil {
		return err
	}
	if !isFile(c) {
		return ErrMedia.At("Content-Type", "is not text/csv")
	}
	good, err := yes(c, "good_rows")
	if err != nil {
		return err
	}
	r, err := a.Bulk.StartImport(c.Request().Context(), d.ID, c.Request().Body, good)
	return sayRun(c, r, err)
}

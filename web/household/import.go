package household

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/bulk"
	"halfkey/devices/files"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/stream"
	"halfkey/web/ui"
)

// ImportPath is where a file of readings is sent to. Its form comes in parts, and
// is read as it arrives.
const ImportPath = "/c/:id/import"

// unread is how much of a file that is too large is heard out, in bytes: a browser
// that is cut off while it sends never sees the answer.
const unread = 8 * bulk.ReadingsMost

// importable is the channel, for who may put readings into it.
func (h *House) importable(c echo.Context) (devices.View, frame.Here, error) {
	ctx := c.Request().Context()
	d, err := h.find(ctx, c.Param("id"))
	if err != nil {
		return d, frame.Here{}, err
	}
	if _, _, err := h.Devices.Importing(ctx, d.ID); err != nil {
		return d, frame.Here{}, err
	}
	here, err := h.Frame.Near(c, d.Org, ui.T(ctx, "import.title", "Name", d.Name), "channels")
	here.Page.Path = "/c/" + d.Channel + "/import"
	return d, here, err
}

func (h *House) importPage(c echo.Context) error {
	d, here, err := h.importable(c)
	if err != nil {
		return err
	}
	return show.Page(c, http.StatusOK, importView(here.Page, importForm{Channel: d.Channel, Name: d.Name}))
}

// importFile takes the file and starts the run that goes through it. What is
// wrong with it as a whole comes back on the form.
func (h *House) importFile(c echo.Context) error {
	d, here, err := h.importable(c)
	if err != nil {
		return err
	}
	form := importForm{Channel: d.Channel, Name: d.Name}
	run, err := h.take(c, d, &form.Good)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/c/"+d.Channel+"/import/"+run.ID)
	}
	var status int
	switch {
	case errors.Is(err, files.ErrTooLarge):
		_, _ = io.CopyN(io.Discard, c.Request().Body, unread)
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, bulk.ErrNoFile), errors.Is(err, bulk.ErrNothing), errors.Is(err, channels.ErrImportHead), errors.Is(err, channels.ErrImportLines):
		status = http.StatusUnprocessableEntity
	default:
		return err
	}
	f := fault.Of(err)
	form.Wrong, form.Lines = f.Sentence, f.Fields
	return show.Page(c, status, importView(here.Page, form))
}

// take reads the form's parts; the choice stands before the file.
func (h *House) take(c echo.Context, d devices.View, good *bool) (bulk.Run, error) {
	form, err := c.Request().MultipartReader()
	if err != nil {
		return bulk.Run{}, bulk.ErrNoFile.Because(err)
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return bulk.Run{}, bulk.ErrNoFile.Because(err)
		}
		switch part.FormName() {
		case "lines":
			*good = word(part) == "good"
		case "file":
			if part.FileName() == "" {
				return bulk.Run{}, bulk.ErrNoFile
			}
			return h.Bulk.StartImport(c.Request().Context(), d.ID, part, *good)
		}
	}
}

// word is a part's text, if it is short.
func word(part *multipart.Part) string {
	text, _ := io.ReadAll(io.LimitReader(part, 16))
	return string(text)
}

// importRun shows how far a file has come, and what became of it.
func (h *House) importRun(c echo.Context) error {
	d, here, err := h.importable(c)
	if err != nil {
		return err
	}
	run, err := h.Bulk.Get(c.Request().Context(), c.Param("run"))
	if err != nil {
		return err
	}
	here.Page.Path += "/" + run.ID
	if run.State != bulk.Ended {
		here.Page.Stream = "/events?" + url.Values{"page": {"import"}, "id": {d.Channel}, "run": {run.ID}}.Encode()
	}
	return show.Page(c, http.StatusOK, importRunView(here.Page, d.Name, importedOf(d.Channel, run)))
}

// importStream moves the bar.
func (h *House) importStream(c echo.Context) (stream.View, error) {
	channel, run := c.QueryParam("id"), c.QueryParam("run")
	draw := func(ctx context.Context, out *stream.Out) error {
		if _, err := h.find(ctx, channel); err != nil {
			return err
		}
		r, err := h.Bulk.Get(ctx, run)
		if err != nil {
			return err
		}
		return out.Part(ctx, "imported", imported(importedOf(channel, r)))
	}
	return stream.View{Wants: func(e live.Event) bool { return e.Kind == live.Value || e.Kind == live.Device }, Draw: draw}, nil
}

// shownLines is how many bad lines a page names.
const shownLines = 20

// importedOf tells apart what came of the lines: stored, there already, bad.
func importedOf(channel string, r bulk.Run) importReport {
	v := importReport{Channel: channel, Run: r.ID, Over: r.State == bulk.Ended, Total: r.Total, Stored: r.Done, Past: r.Done + r.Failed}
	left := r.Failed
	for _, e := range r.Errors {
		switch {
		case e.Code == bulk.ErrThere.Code:
			v.There, _ = strconv.Atoi(e.Thing)
			left -= v.There
		case e.Line == 0:
			v.Ended = e.What
		case len(v.Lines) < shownLines:
			v.Lines = append(v.Lines, e)
		}
	}
	if v.Over {
		v.Bad = left
	}
	return v
}

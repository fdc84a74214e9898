package thingspeak

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"halfkey/connectors"
	"halfkey/connectors/channels"
)

// chartPolicy lets anybody frame the page, which is what it is for, and nothing
// else in: parameters become text and attributes, never script or style.
var chartPolicy = []string{"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"}

// chart answers /channels/{id}/charts/{n}: a page with one field's drawing.
func (d *door) chart(c *call) {
	if !isGet(c.r.Method) {
		say(c.w, http.StatusMethodNotAllowed, "-1")
		return
	}
	field, err := strconv.Atoi(c.parts[3])
	if err != nil || field < 1 || field > channels.MaxFields {
		d.sorry(c, http.StatusNotFound, "There is no such chart.")
		return
	}
	id, err := channels.ParseID(c.parts[1])
	var ch channels.Channel
	if err == nil {
		ch, err = d.Store.Access(c.ctx, id, c.key)
	}
	var rows []channels.Row
	q := readingOf(c.params, d.Now())
	if q.of, q.field = values, field; err == nil {
		rows, err = d.picked(c, ch, q)
	}
	switch status := d.statusIf(c, err); {
	case errors.Is(err, connectors.ErrChannel):
		d.sorry(c, status, "There is no such channel.")
	case errors.Is(err, channels.ErrKey):
		d.sorry(c, status, "This channel is not public. Its address needs a read key: ?api_key=…")
	case err != nil:
		d.sorry(c, status, "The chart cannot be drawn just now. Try again in a moment.")
	default:
		d.page(c, http.StatusOK, chartPage(newDrawing(ch, q, rows, c.params)))
	}
}

func (d *door) statusIf(c *call, err error) int {
	if err == nil {
		return http.StatusOK
	}
	return d.statusOf(c, err)
}

func (d *door) sorry(c *call, status int, sentence string) { d.page(c, status, sorryPage(sentence)) }

func (d *door) page(c *call, status int, page templ.Component) {
	var b bytes.Buffer
	if err := page.Render(context.Background(), &b); err != nil {
		say(c.w, d.statusOf(c, err), "-1")
		return
	}
	c.w.Header()["Content-Security-Policy"] = chartPolicy
	c.w.Header()["Referrer-Policy"] = noReferrer // the address may hold a read key
	answer(c.w, status, htmlText, b.Bytes())
}

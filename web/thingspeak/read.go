package thingspeak

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"halfkey/connectors/channels"
)

// read answers /channels/{id}/feeds…, and /channels/{id}/fields/{n}….
func (d *door) read(c *call) {
	rest := c.parts[2:]
	q := readingOf(c.params, d.Now())
	bare := false // the value alone, unless JSON is asked for
	if isField(rest[0]) && len(rest) > 1 {
		n, err := strconv.Atoi(strings.TrimPrefix(rest[1], "field"))
		if err != nil || n < 1 || n > channels.MaxFields {
			say(c.w, http.StatusNotFound, "-1")
			return
		}
		q.field, bare, rest = n, true, rest[1:]
	} else if !isFeed(rest[0]) {
		say(c.w, http.StatusNotFound, "-1")
		return
	}
	if len(rest) == 3 && rest[1] == "entry" {
		rest = rest[1:]
	}
	switch {
	case c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && c.r.Method != http.MethodPost:
		say(c.w, http.StatusMethodNotAllowed, "-1")
		return
	case c.format == asXML || c.format == asCSV:
		say(c.w, http.StatusNotAcceptable, "-1")
		return
	}
	ch, ok := d.open(c)
	if !ok {
		return
	}
	switch {
	case len(rest) == 1:
		d.feed(c, ch, q)
	case len(rest) == 2:
		d.one(c, ch, q, rest[1], bare)
	default:
		say(c.w, http.StatusNotFound, "-1")
	}
}

// open is the channel that the path names, if the caller may read it; if not it
// has said so.
func (d *door) open(c *call) (ch channels.Channel, ok bool) {
	id, err := channels.ParseID(c.parts[1])
	if err == nil {
		ch, err = d.Store.Access(c.ctx, id, c.key)
	}
	if err != nil {
		say(c.w, d.statusOf(c, err), "-1")
	}
	return ch, err == nil
}

func (d *door) feed(c *call, ch channels.Channel, q reading) {
	rows, err := d.Store.Feed(c.ctx, ch.ID, q.Query)
	if err != nil {
		say(c.w, d.statusOf(c, err), "-1")
		return
	}
	b := append(make([]byte, 0, 512+96*len(rows)), `{"channel":`...)
	b = append(appendHead(b, ch, q), `,"feeds":[`...)
	first := true
	for i := range rows {
		if !q.keeps(&rows[i]) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		b, first = appendRow(b, ch, &rows[i], q), false
	}
	answer(c.w, http.StatusOK, contentType(c.format, jsonText), append(b, `]}`...))
}

// one answers the last entry or the one with a number. Where there is none the
// body is -1, with 200.
func (d *door) one(c *call, ch channels.Channel, q reading, which string, bare bool) {
	var row channels.Row
	var err error
	if which == "last" {
		row, err = d.Store.Last(c.ctx, ch.ID, q.field)
	} else if n, bad := strconv.ParseInt(which, 10, 64); bad == nil {
		row, err = d.Store.Entry(c.ctx, ch.ID, n)
	} else {
		say(c.w, http.StatusNotFound, "-1")
		return
	}
	switch {
	case errors.Is(err, channels.ErrEntry):
		answer(c.w, http.StatusOK, contentType(c.format, plainText), []byte("-1"))
	case err != nil:
		say(c.w, d.statusOf(c, err), "-1")
	case bare && c.format != asJSON:
		say(c.w, http.StatusOK, bareValue(row, q, c.params))
	default:
		answer(c.w, http.StatusOK, contentType(c.format, plainText), appendRow(nil, ch, &row, q))
	}
}

// contentType is JSON's if asked for by the ending; the endings .txt and .html
// get text, never a page made of other people's values.
func contentType(f format, unasked string) string {
	switch f {
	case asJSON:
		return jsonText
	case asAsked:
		return unasked
	}
	return plainText
}

func bareValue(row channels.Row, q reading, p Params) string {
	v := q.value(row.Fields[q.field-1])
	if v == nil {
		return "-1"
	}
	return p.Text("prepend") + *v + p.Text("append")
}

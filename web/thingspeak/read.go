package thingspeak

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"halfkey/connectors/channels"
)

// read answers /channels/{id}/feeds…, /channels/{id}/fields/{n}… and
// /channels/{id}/status….
func (d *door) read(c *call) {
	rest := c.parts[2:]
	q := readingOf(c.params, d.Now())
	switch {
	case isField(rest[0]) && len(rest) > 1:
		n, err := strconv.Atoi(strings.TrimPrefix(rest[1], "field"))
		if err != nil || n < 1 || n > channels.MaxFields {
			say(c.w, http.StatusNotFound, "-1")
			return
		}
		q.of, q.field, rest = values, n, rest[1:]
	case rest[0] == "status":
		q.of, q.Status = statuses, true
	case !isFeed(rest[0]):
		say(c.w, http.StatusNotFound, "-1")
		return
	}
	if len(rest) == 3 && rest[1] == "entry" {
		rest = rest[1:]
	}
	if !isGet(c.r.Method) && c.r.Method != http.MethodPost {
		say(c.w, http.StatusMethodNotAllowed, "-1")
		return
	}
	ch, ok := d.open(c)
	if !ok {
		return
	}
	switch {
	case len(rest) == 1:
		d.feed(c, ch, q)
	case len(rest) > 2:
		say(c.w, http.StatusNotFound, "-1")
	case rest[1] == "last_data_age" && q.of != statuses:
		d.age(c, ch, q)
	case lastFold[rest[1]] != "" && q.of != statuses:
		d.lastFolded(c, ch, q, lastFold[rest[1]])
	default:
		d.entry(c, ch, q, rest[1])
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
	rows, err := d.picked(c, ch, q)
	if err != nil {
		say(c.w, d.statusOf(c, err), "-1")
		return
	}
	shown := make([]object, len(rows))
	for i := range rows {
		shown[i] = rowOf(ch, &rows[i], q)
	}
	empty := channels.Row{Entry: 1}
	if q.fold.how != "" {
		empty.Entry = 0
	}
	c.rows(headOf(ch, q), shown, rowOf(ch, &empty, q))
}

// picked are the entries that the reading asks for, gathered if it says so.
func (d *door) picked(c *call, ch channels.Channel, q reading) ([]channels.Row, error) {
	rows, err := d.Store.Feed(c.ctx, ch.ID, q.Query)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for i := range rows {
		if q.keeps(&rows[i]) {
			kept = append(kept, rows[i])
		}
	}
	return q.fold.rows(kept, q.zone), nil
}

// entry answers the last entry or the one with a number. Where there is none the
// body is -1, with 200.
func (d *door) entry(c *call, ch channels.Channel, q reading, which string) {
	row, err := d.rowNamed(c, ch, q, which)
	switch {
	case errors.Is(err, errWhich):
		say(c.w, http.StatusNotFound, "-1")
	case errors.Is(err, channels.ErrEntry):
		answer(c.w, http.StatusOK, contentType(c.format, plainText), []byte("-1"))
	case err != nil:
		say(c.w, d.statusOf(c, err), "-1")
	case q.of == values && (c.format == asAsked || c.format == asText || c.format == asHTML):
		say(c.w, http.StatusOK, bareValue(row, q, c.params))
	default:
		c.one(http.StatusOK, "feed", rowOf(ch, &row, q), plainText)
	}
}

var errWhich = errors.New("neither the last entry nor a number")

func (d *door) rowNamed(c *call, ch channels.Channel, q reading, which string) (channels.Row, error) {
	switch {
	case which != "last":
		n, err := strconv.ParseInt(which, 10, 64)
		if err != nil {
			return channels.Row{}, errWhich
		}
		return d.Store.Entry(c.ctx, ch.ID, n)
	case q.of == statuses:
		return d.Store.LastStatus(c.ctx, ch.ID)
	}
	return d.Store.Last(c.ctx, ch.ID, q.field)
}

func bareValue(row channels.Row, q reading, p Params) string {
	v := q.value(row.Fields[q.field-1])
	if v == nil {
		return "-1"
	}
	return p.Text("prepend") + *v + p.Text("append")
}

// age answers how many seconds old the last entry is.
func (d *door) age(c *call, ch channels.Channel, q reading) {
	row, err := d.Store.Last(c.ctx, ch.ID, q.field)
	switch {
	case errors.Is(err, channels.ErrEntry):
		answer(c.w, http.StatusOK, contentType(c.format, plainText), []byte("-1"))
		return
	case err != nil:
		say(c.w, d.statusOf(c, err), "-1")
		return
	}
	seconds := strconv.FormatInt(int64(d.Now().Sub(row.Created).Seconds()), 10)
	if c.format == asText {
		say(c.w, http.StatusOK, seconds)
		return
	}
	c.one(http.StatusOK, "feed", object{{"last_data_age", seconds}, {"last_data_age_units", "s"}}, jsonText)
}

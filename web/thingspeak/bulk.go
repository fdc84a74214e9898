package thingspeak

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"halfkey/connectors/channels"
	"halfkey/iam/fault"
)

// maxBulk is the largest body of a bulk update.
const maxBulk = 4 << 20

var errBulk = fault.New(fault.Malformed, "bulk-malformed", "The list of updates cannot be read.")

// bulk answers POST /channels/{id}/bulk_update: many entries at once.
func (d *door) bulk(c *call) {
	err := d.bulkCall(c)
	if err == nil {
		answer(c.w, http.StatusAccepted, jsonText, []byte(`{"success":true}`))
		return
	}
	if c.format == asCSV || c.format == asAsked {
		c.format = asJSON // what is refused is told in the same words
	}
	d.refuseAccount(c, err)
}

func (d *door) bulkCall(c *call) error {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodPut {
		return errMethod
	}
	id, err := channels.ParseID(c.parts[1])
	if err != nil {
		return err
	}
	body, err := readBody(c.r, maxBulk)
	if err != nil {
		return badBody(err)
	}
	var entries []channels.Entry
	now := d.Now()
	if isJSON(c.r, body) {
		entries, c.params, err = bulkJSON(body, now)
	} else {
		c.params = parseForm(parseForm(nil, c.r.URL.RawQuery), string(body))
		entries, err = bulkCSV(c.params.Text("updates"), c.params.Text("time_format") == "relative", now)
	}
	if err != nil {
		return err
	}
	key, ok := c.params.Get("write_api_key")
	if !ok {
		key = apiKey(c.r, c.params)
	}
	_, err = d.Store.WriteMany(c.ctx, id, strings.TrimSpace(key), entries)
	return err
}

// bulkJSON takes the object's updates, and its other members as parameters.
func bulkJSON(body []byte, now time.Time) ([]channels.Entry, Params, error) {
	var list struct {
		Updates []map[string]json.RawMessage `json:"updates"`
	}
	if json.Unmarshal(body, &list) != nil {
		return nil, nil, errBulk
	}
	others, err := parseJSON(nil, body)
	if err != nil || len(list.Updates) > channels.MaxBulk {
		return nil, nil, tooMany(err)
	}
	b := bulkRows{now: now, zone: zoneOf(others)}
	for _, update := range list.Updates {
		p := make(Params, 0, len(update))
		for name, raw := range update {
			if value, ok := plain(raw); ok && len(p) < maxParams {
				p = append(p, param{name, strings.TrimRight(value, "\r\n")})
			}
		}
		e := entryOf(p, now)
		if delta, ok := p.Get("delta_t"); ok {
			err = b.after(e, delta)
		} else {
			err = b.at(e, p.Text("created_at"))
		}
		if err != nil {
			return nil, others, err
		}
	}
	return b.done(), others, nil
}

func tooMany(err error) error {
	if err == nil {
		return channels.ErrBulk
	}
	return errBulk
}

// bulkColumns are what stands behind the time in a row of CSV. What is missing
// at the end or empty was not given.
var bulkColumns = []string{"field1", "field2", "field3", "field4", "field5", "field6", "field7", "field8", "latitude", "longitude", "elevation", "status"}

// bulkCSV takes rows with | between them and commas in them.
func bulkCSV(text string, relative bool, now time.Time) ([]channels.Entry, error) {
	b := bulkRows{now: now, zone: time.UTC}
	for row := range strings.SplitSeq(text, "|") {
		if row = strings.TrimSpace(row); row == "" {
			continue
		}
		if len(b.rows) >= channels.MaxBulk {
			return nil, channels.ErrBulk
		}
		cells := strings.SplitN(row, ",", len(bulkColumns)+1)
		p := make(Params, 0, len(cells))
		for i, cell := range cells[1:] {
			if cell != "" {
				p = append(p, param{bulkColumns[i], cell})
			}
		}
		err := error(nil)
		if e := entryOf(p, now); relative {
			err = b.after(e, cells[0])
		} else {
			err = b.at(e, cells[0])
		}
		if err != nil {
			return nil, err
		}
	}
	return b.done(), nil
}

// bulkRows gives rows their times. Those that only say how long after the one
// before they were taken were sent at once afterwards: the last of them is now.
type bulkRows struct {
	now   time.Time
	zone  *time.Location
	rows  []channels.Entry
	since []time.Duration // from the first row to this one, where times are relative
}

const maxDelta = 10 * 365 * 24 * 3600 // seconds

func (b *bulkRows) after(e channels.Entry, seconds string) error {
	n, err := strconv.ParseFloat(strings.TrimSpace(seconds), 64)
	if err != nil || !(n >= 0 && n <= maxDelta) || n == 0 && len(b.rows) > 0 || len(b.since) != len(b.rows) {
		return errBulk
	}
	total := time.Duration(0)
	if len(b.since) > 0 {
		total = b.since[len(b.since)-1] + time.Duration(n*float64(time.Second))
		if total > maxDelta*time.Second {
			return errBulk
		}
	}
	b.rows, b.since = append(b.rows, e), append(b.since, total)
	return nil
}

func (b *bulkRows) at(e channels.Entry, text string) error {
	t, ok := parseBulkTime(text, b.zone, b.now)
	if !ok || len(b.since) > 0 {
		return errBulk
	}
	e.Created = &t
	b.rows = append(b.rows, e)
	return nil
}

func (b *bulkRows) done() []channels.Entry {
	for i, since := range b.since {
		t := b.now.Add(since - b.since[len(b.since)-1])
		b.rows[i].Created = &t
	}
	return b.rows
}

// parseBulkTime is parseTime that also takes seconds since 1970.
func parseBulkTime(s string, zone *time.Location, now time.Time) (time.Time, bool) {
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil && n > 99_999_999 {
		t := time.Unix(n, 0).UTC()
		return t, t.Year() <= now.Year()+100
	}
	return channels.ParseTime(s, zone, now)
}

var errLargeBody = fault.New(fault.TooLarge, "request-large", "The request is too large.")

func badBody(err error) error {
	if errors.Is(err, errLarge) {
		return errLargeBody
	}
	return fault.New(fault.Malformed, "request-malformed", "The request cannot be read.")
}

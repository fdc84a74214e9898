package thingspeak

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"halfkey/connectors/channels"
)

// update stores one entry. The answer is its number, or as JSON the entry.
func (d *door) update(c *call) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodPost && c.r.Method != http.MethodPut {
		say(c.w, http.StatusMethodNotAllowed, "0")
		return
	}
	if c.format == asCSV {
		say(c.w, http.StatusNotAcceptable, "0")
		return
	}
	var err error
	if c.params, err = readParams(c.r, maxUpdate); errors.Is(err, errLarge) {
		say(c.w, http.StatusRequestEntityTooLarge, "0")
		return
	} else if err != nil {
		say(c.w, http.StatusBadRequest, "0")
		return
	}
	e := entryOf(c.params, d.Now())
	got, err := d.Store.Write(c.r.Context(), apiKey(c.r, c.params), e)
	switch {
	case errors.Is(err, channels.ErrTooSoon), errors.Is(err, channels.ErrTimeTaken):
		say(c.w, http.StatusOK, "0") // not inserted, and no reason to ask for another key
	case err != nil:
		say(c.w, d.statusOf(c, err), "0")
	case c.format == asJSON || c.format == asXML:
		c.one(http.StatusOK, "feed", stored(got, e), jsonText)
	default:
		answer(c.w, http.StatusOK, plainText, strconv.AppendInt(nil, got.Entry, 10))
	}
}

// fieldNames are what a field may be called, the usual name first.
var fieldNames = [channels.MaxFields][2]string{{"field1", "1"}, {"field2", "2"}, {"field3", "3"}, {"field4", "4"},
	{"field5", "5"}, {"field6", "6"}, {"field7", "7"}, {"field8", "8"}}

func entryOf(p Params, now time.Time) (e channels.Entry) {
	for i := range p {
		v := &p[i].value
		switch name := p[i].name; name {
		case "status":
			keep(&e.Status, v)
		case "lat", "latitude":
			keep(&e.Latitude, v)
		case "long", "longitude":
			keep(&e.Longitude, v)
		case "elevation":
			keep(&e.Elevation, v)
		case "created_at":
			if t, ok := channels.ParseTime(*v, zoneOf(p), now); ok && e.Created == nil {
				e.Created = &t
			}
		default:
			if len(name) == 6 && name[:5] == "field" {
				name = name[5:]
			}
			if len(name) == 1 && name[0] >= '1' && name[0] <= '8' {
				keep(&e.Fields[name[0]-'1'], v)
			}
		}
	}
	return e
}

func keep(to **string, v *string) {
	if *to == nil {
		*to = v
	}
}

// stored is the entry as /update.json and /update.xml answer it: every field,
// given or not.
func stored(got channels.Receipt, e channels.Entry) object {
	o := make(object, 0, 7+channels.MaxFields)
	o.add("channel_id", int64(got.Channel))
	for i, v := range e.Fields {
		o.add(fieldNames[i][0], v)
	}
	o.add("created_at", moment{got.Created, time.UTC})
	o.add("entry_id", got.Entry)
	o.add("status", e.Status)
	o.add("latitude", e.Latitude)
	o.add("longitude", e.Longitude)
	o.add("elevation", e.Elevation)
	return o
}

package thingspeak

import (
	"time"

	"halfkey/connectors/channels"
)

// An object is what an answer says before it is written as JSON, XML or CSV:
// members in the order in which clients were seen to get them.
type object []member

// A member's value is a text (string or *string), a whole number (int64), a
// truth (bool), a moment, an object, a list, or nil for what was never set.
type member struct {
	name  string
	value any
}

// A list has many objects; each is an item, as XML wants to know.
type list struct {
	item string
	of   []object
}

// A moment is a time where the caller's clock stands.
type moment struct {
	time.Time
	zone *time.Location
}

// String is how JSON and XML write it: ending in Z for UTC, else in the offset.
func (m moment) String() string { return m.In(m.zone).Format("2006-01-02T15:04:05Z07:00") }

// plain is how CSV does.
func (m moment) plain() string {
	if m.zone == time.UTC {
		return m.In(m.zone).Format("2006-01-02 15:04:05 UTC")
	}
	return m.In(m.zone).Format("2006-01-02 15:04:05 -0700")
}

func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

// addSet adds what was set.
func (o *object) addSet(name string, value *string) {
	if value != nil {
		o.add(name, *value)
	}
}

// addCount adds a number, where 0 stands for none.
func (o *object) addCount(name string, n int64) {
	if n == 0 {
		o.add(name, nil)
		return
	}
	o.add(name, n)
}

// headOf is what stands before a channel's rows.
func headOf(ch channels.Channel, q reading) (o object) {
	o.add("id", int64(ch.ID))
	o.add("name", ch.Name)
	o.addSet("description", ch.Description)
	if q.metadata {
		o.add("metadata", ch.Metadata)
	}
	o.add("latitude", orZero(ch.Latitude))
	o.add("longitude", orZero(ch.Longitude))
	o.addSet("elevation", ch.Elevation)
	if q.of != statuses {
		o.addFieldNames(ch, q.field)
	}
	o.add("created_at", moment{ch.Created, q.zone})
	o.add("updated_at", moment{ch.Updated, q.zone})
	o.addCount("last_entry_id", ch.LastEntry)
	return o
}

func (o *object) addFieldNames(ch channels.Channel, only int) {
	for i := range ch.Fields {
		if ch.Fields[i].Name != "" && (only == 0 || only == i+1) {
			o.add(fieldNames[i][0], ch.Fields[i].Name)
		}
	}
}

func orZero(s *string) string {
	if s == nil {
		return "0.0"
	}
	return *s
}

// rowOf is an entry, every value a text or null. Of all fields those with a name
// are shown; one that is asked for is, whether it has a name or not. What was
// gathered from many entries has no number.
func rowOf(ch channels.Channel, r *channels.Row, q reading) object {
	o := make(object, 0, 4+channels.MaxFields)
	o.add("created_at", moment{r.Created, q.zone})
	if r.Entry != 0 {
		o.add("entry_id", r.Entry)
	}
	if q.of == statuses {
		o.add("status", r.Status)
		return o
	}
	for i, v := range r.Fields {
		if q.field == i+1 || q.field == 0 && ch.Fields[i].Name != "" {
			o.add(fieldNames[i][0], q.value(v))
		}
	}
	if q.location {
		o.add("latitude", r.Latitude)
		o.add("longitude", r.Longitude)
		o.add("elevation", r.Elevation)
	}
	if q.status {
		o.add("status", r.Status)
	}
	return o
}

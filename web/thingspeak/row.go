package thingspeak

import (
	"strconv"

	"halfkey/connectors/channels"
)

// appendHead writes what stands before a channel's rows.
func appendHead(b []byte, ch channels.Channel, q reading) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), int64(ch.ID), 10)
	b = appendMember(b, "name", &ch.Name)
	if ch.Description != nil {
		b = appendMember(b, "description", ch.Description)
	}
	if q.metadata {
		b = appendMember(b, "metadata", ch.Metadata)
	}
	b = appendMember(b, "latitude", orZero(ch.Latitude))
	b = appendMember(b, "longitude", orZero(ch.Longitude))
	if ch.Elevation != nil {
		b = appendMember(b, "elevation", ch.Elevation)
	}
	b = appendFieldNames(b, ch, q.field)
	b = appendTime(append(b, `,"created_at":`...), ch.Created, q.zone)
	b = appendTime(append(b, `,"updated_at":`...), ch.Updated, q.zone)
	return append(appendLastEntry(b, ch), '}')
}

func appendFieldNames(b []byte, ch channels.Channel, only int) []byte {
	for i := range ch.Fields {
		if ch.Fields[i].Name != "" && (only == 0 || only == i+1) {
			b = appendMember(b, fieldNames[i][0], &ch.Fields[i].Name)
		}
	}
	return b
}

func appendLastEntry(b []byte, ch channels.Channel) []byte {
	b = append(b, `,"last_entry_id":`...)
	if ch.LastEntry == 0 {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, ch.LastEntry, 10)
}

var zero = "0.0"

func orZero(s *string) *string {
	if s == nil {
		return &zero
	}
	return s
}

// appendRow writes an entry: every value a text or null, no space anywhere, as
// the devices' reader searches for `"field1":"`. Of all fields those with a name
// are shown; one that is asked for is, whether it has a name or not.
func appendRow(b []byte, ch channels.Channel, r *channels.Row, q reading) []byte {
	b = appendTime(append(b, `{"created_at":`...), r.Created, q.zone)
	b = strconv.AppendInt(append(b, `,"entry_id":`...), r.Entry, 10)
	for i, v := range r.Fields {
		if q.field == i+1 || q.field == 0 && ch.Fields[i].Name != "" {
			b = appendMember(b, fieldNames[i][0], q.value(v))
		}
	}
	if q.location {
		b = appendMember(b, "latitude", r.Latitude)
		b = appendMember(b, "longitude", r.Longitude)
		b = appendMember(b, "elevation", r.Elevation)
	}
	if q.status {
		b = appendMember(b, "status", r.Status)
	}
	return append(b, '}')
}

package thingspeak

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"halfkey/connectors/channels"
)

// appendChannel writes a channel object in the order of the hosted service's,
// without its closing brace.
func appendChannel(b []byte, ch channels.Channel) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), int64(ch.ID), 10)
	b = appendMember(b, "name", &ch.Name)
	b = appendMember(b, "description", ch.Description)
	b = appendMember(b, "latitude", orZero(ch.Latitude))
	b = appendMember(b, "longitude", orZero(ch.Longitude))
	b = appendFieldNames(b, ch, 0)
	b = appendTime(append(b, `,"created_at":`...), ch.Created, time.UTC)
	b = appendMember(b, "elevation", ch.Elevation)
	b = appendLastEntry(b, ch)
	b = strconv.AppendBool(append(b, `,"public_flag":`...), ch.Public)
	b = appendMember(b, "url", ch.URL)
	b = append(b, `,"ranking":30`...) // how complete the hosted service finds the description
	b = appendMember(b, "metadata", ch.Metadata)
	b = append(b, `,"license_id":0,"github_url":null,"tags":[`...)
	for i, tag := range tagsOf(ch) {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"id":`...), int64(i+1), 10)
		b = append(appendMember(b, "name", &tag), '}')
	}
	return append(b, ']')
}

// appendListing adds the keys: clients take the first for writing and the second for reading.
func appendListing(b []byte, l channels.Listing) []byte {
	b = append(appendChannel(b, l.Channel), `,"api_keys":[`...)
	if l.WriteKey != "" {
		b = append(b, `{"api_key":"`+l.WriteKey.Reveal()+`","write_flag":true}`...)
	}
	if l.ReadKey != "" {
		if l.WriteKey != "" {
			b = append(b, ',')
		}
		b = append(b, `{"api_key":"`+l.ReadKey.Reveal()+`","write_flag":false}`...)
	}
	return append(b, `]}`...)
}

func listed(l channels.Listing, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return appendListing(nil, l), nil
}

func tagsOf(ch channels.Channel) (tags []string) {
	if ch.Tags == nil {
		return nil
	}
	for tag := range strings.SplitSeq(*ch.Tags, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

func hasTag(ch channels.Channel, tag string) bool {
	return slices.ContainsFunc(tagsOf(ch), func(t string) bool { return strings.EqualFold(t, tag) })
}

package thingspeak

import (
	"slices"
	"strings"
	"time"

	"halfkey/connectors/channels"
)

// channelOf is a channel object in the order of the hosted service's.
func channelOf(ch channels.Channel) (o object) {
	o.add("id", int64(ch.ID))
	o.add("name", ch.Name)
	o.add("description", ch.Description)
	o.add("latitude", orZero(ch.Latitude))
	o.add("longitude", orZero(ch.Longitude))
	o.addFieldNames(ch, 0)
	o.add("created_at", moment{ch.Created, time.UTC})
	o.add("elevation", ch.Elevation)
	o.addCount("last_entry_id", ch.LastEntry)
	o.add("public_flag", ch.Public)
	o.add("url", ch.URL)
	o.add("ranking", int64(30)) // how complete the hosted service finds the description
	o.add("metadata", ch.Metadata)
	o.add("license_id", int64(0))
	o.add("github_url", nil)
	tags := list{item: "tag"}
	for i, tag := range tagsOf(ch) {
		tags.of = append(tags.of, object{{"id", int64(i + 1)}, {"name", tag}})
	}
	o.add("tags", tags)
	return o
}

// listingOf adds the keys: clients take the first for writing and the second for reading.
func listingOf(l channels.Listing) object {
	o := channelOf(l.Channel)
	keys := list{item: "api_key"}
	if l.WriteKey != "" {
		keys.of = append(keys.of, object{{"api_key", l.WriteKey.Reveal()}, {"write_flag", true}})
	}
	if l.ReadKey != "" {
		keys.of = append(keys.of, object{{"api_key", l.ReadKey.Reveal()}, {"write_flag", false}})
	}
	o.add("api_keys", keys)
	return o
}

func listed(l channels.Listing, err error) (object, error) {
	if err != nil {
		return nil, err
	}
	return listingOf(l), nil
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

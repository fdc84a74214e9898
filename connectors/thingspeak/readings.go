package thingspeak

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"halfkey/connectors"
	"halfkey/iam/vault"
)

var _ connectors.Reader = (*Service)(nil)

// Readings implements connectors.Reader. The key is one of the channel's own,
// read or write, and goes in a header; the account's is not needed. A server of
// somebody's own may make no read key: there the write key reads.
func (s *Service) Readings(ctx context.Context, set connectors.Settings, id string, key vault.Secret, p connectors.Page) (connectors.Readings, error) {
	q := url.Values{"results": {strconv.Itoa(min(p.Most, connectors.MostReadings))}, "status": {"true"}, "location": {"true"}}
	for name, at := range map[string]time.Time{"start": p.From, "end": p.To} {
		if !at.IsZero() {
			q.Set(name, at.UTC().Format(time.DateTime))
		}
	}
	body, err := s.ask(ctx, set, http.MethodGet, "/channels/"+url.PathEscape(id)+"/feeds.json?"+q.Encode(), nil, key)
	switch {
	case errors.Is(err, connectors.ErrAccount): // it is not the account's key that was shown
		return connectors.Readings{}, fmt.Errorf("%w: the channel's key is refused", connectors.ErrDenied)
	case errors.Is(err, connectors.ErrQuota):
		return connectors.Readings{}, fmt.Errorf("%w: nothing more is shown for now", connectors.ErrPace)
	case err != nil:
		return connectors.Readings{}, err
	}
	return parseFeed(body)
}

// ReadURL implements connectors.Reader.
func (s *Service) ReadURL(set connectors.Settings, id string) string {
	return set["base_url"] + "/channels/" + url.PathEscape(id) + "/feeds/last.json"
}

// feed is a channel with its entries as the API writes them.
type feed struct {
	Channel *struct {
		Last int64 `json:"last_entry_id"`
	} `json:"channel"`
	Feeds []struct {
		At        string `json:"created_at"`
		Number    int64  `json:"entry_id"`
		Field1    word   `json:"field1"`
		Field2    word   `json:"field2"`
		Field3    word   `json:"field3"`
		Field4    word   `json:"field4"`
		Field5    word   `json:"field5"`
		Field6    word   `json:"field6"`
		Field7    word   `json:"field7"`
		Field8    word   `json:"field8"`
		Status    word   `json:"status"`
		Latitude  word   `json:"latitude"`
		Longitude word   `json:"longitude"`
		Elevation word   `json:"elevation"`
	} `json:"feeds"`
}

// A word is a text, or a number taken as it is written; null is none.
type word struct{ text *string }

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case bytes.Equal(b, []byte("null")):
		return nil
	case b[0] == '"':
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	case b[0] == '{', b[0] == '[':
		return errors.New("neither a text nor a number")
	default:
		s = string(b)
	}
	w.text = &s
	return nil
}

// parseFeed takes entries that have a number and a time; each number counts once.
func parseFeed(body []byte) (r connectors.Readings, err error) {
	var f feed
	if err := json.Unmarshal(body, &f); err != nil || f.Channel == nil || f.Channel.Last < 0 {
		return r, fmt.Errorf("%w: the readings cannot be read", connectors.ErrUnsure)
	}
	r.Entries = make([]connectors.Entry, 0, len(f.Feeds))
	for _, x := range f.Feeds {
		at, err := time.Parse(time.RFC3339, x.At)
		if err != nil || x.Number <= 0 || at.Year() < 1970 || at.Year() > 2200 {
			continue
		}
		r.Entries = append(r.Entries, connectors.Entry{Number: x.Number, At: at.UTC(),
			Fields: [8]*string{x.Field1.text, x.Field2.text, x.Field3.text, x.Field4.text, x.Field5.text, x.Field6.text, x.Field7.text, x.Field8.text},
			Status: x.Status.text, Latitude: x.Latitude.text, Longitude: x.Longitude.text, Elevation: x.Elevation.text})
	}
	slices.SortStableFunc(r.Entries, func(a, b connectors.Entry) int { return cmp.Compare(a.Number, b.Number) })
	r.Entries = slices.CompactFunc(r.Entries, func(a, b connectors.Entry) bool { return a.Number == b.Number })
	r.Last = f.Channel.Last
	if n := len(r.Entries); n > 0 {
		r.Last = max(r.Last, r.Entries[n-1].Number)
	}
	return r, nil
}

package channels

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"halfkey/iam"
	"halfkey/iam/live"
)

// MaxValue is the longest value of a field and the longest status, in bytes.
const MaxValue = 255

// An Entry is one row of a channel. What is nil was not given; an empty value is
// a value.
type Entry struct {
	Fields    [MaxFields]*string
	Status    *string
	Latitude  *string
	Longitude *string
	Elevation *string
	Created   *time.Time // given by the client; taken to the second, and unique in the channel
}

// A Receipt is what the store made of an entry.
type Receipt struct {
	Channel ID
	Entry   int64 // from 1, one more each
	Created time.Time
}

// Write stores an entry in the channel that the write key opens and returns when
// it is on disk. The caller's hanging up does not stop it. It fails with ErrKey,
// ErrTooSoon, ErrTimeTaken or ErrValue; then there is neither row nor number.
func (s *Store) Write(ctx context.Context, key string, e Entry) (Receipt, error) {
	got, err := s.write(ctx, key, e)
	s.Tally.count(err)
	return got, err
}

func (s *Store) write(ctx context.Context, key string, e Entry) (Receipt, error) {
	if err := e.check(); err != nil {
		return Receipt{}, err
	}
	ctx = context.WithoutCancel(ctx)
	k, err := s.writeKey(ctx, key)
	if err != nil {
		return Receipt{}, err
	}
	w := write{key: k, entry: &e, at: iam.Micros(s.Now()), done: make(chan struct{})}
	w.created = w.at
	if e.Created != nil {
		w.given, w.created = true, e.Created.Unix()*1e6
	}
	s.queue.store(ctx, s, &w)
	if w.err != nil {
		return Receipt{}, w.err
	}
	if s.Live != nil {
		s.Live.Publish(live.Event{Kind: live.Value, Tenant: w.tenant, Org: w.org, ID: k.channel.String()})
	}
	s.grew(k.channel, w.number-1, w.number)
	return Receipt{Channel: k.channel, Entry: w.number, Created: iam.Time(w.created)}, nil
}

func (e *Entry) check() error {
	for i, v := range e.Fields {
		if !storable(v) {
			return ErrValue.At("field"+strconv.Itoa(i+1), "at most 255 bytes of UTF-8")
		}
	}
	for _, v := range [...]*string{e.Status, e.Latitude, e.Longitude, e.Elevation} {
		if !storable(v) {
			return ErrValue
		}
	}
	return nil
}

// storable also keeps out what PostgreSQL does not take as text.
func storable(v *string) bool {
	return v == nil || len(*v) <= MaxValue && utf8.ValidString(*v) && strings.IndexByte(*v, 0) < 0
}

// writeKey finds what the key opens. What it knows already may be out of date:
// the statement that takes the entry asks for the key's revocation itself.
func (s *Store) writeKey(ctx context.Context, key string) (*keyEntry, error) {
	if !looksLikeKey(key) {
		return nil, ErrKey
	}
	if k := s.known.get(key); k != nil {
		return k, nil
	}
	k, err := s.lookup(ctx, key)
	if err != nil {
		return nil, err
	}
	if k.kind != kindWrite {
		return nil, ErrKey
	}
	s.known.put(key, k)
	return k, nil
}

package connectors

import (
	"context"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
)

// A Reader is a Service that shows what its channels hold.
type Reader interface {
	Service

	// Readings are the newest entries of a channel within a page, in the order of
	// their numbers, with a key that reads it. No key stands in an address.
	// ErrDenied says that the key is refused.
	Readings(ctx context.Context, set Settings, id string, key vault.Secret, p Page) (Readings, error)

	// ReadURL is where other programs read the channel's newest values, without a key.
	ReadURL(set Settings, id string) string
}

// A Page is which entries to read: those whose time lies within the bounds, both
// included to the second, and of these the newest. Zero times are no bounds.
type Page struct {
	From, To time.Time
	Most     int // at most MostReadings
}

// MostReadings is how many entries one call gives at most.
const MostReadings = 8000

// Readings are entries of a channel and how far its numbers go.
type Readings struct {
	Entries []Entry
	Last    int64 // the number of its last entry; 0: it holds nothing
}

// An Entry is what a channel outside got at one time. What is nil was not given.
type Entry struct {
	Number    int64
	At        time.Time
	Fields    [8]*string
	Status    *string
	Latitude  *string
	Longitude *string
	Elevation *string
}

// An Original is a channel outside of which there is a copy.
type Original struct {
	ID     string // of its projection; the copy's name too
	Tenant iam.OrgID
	Org    iam.OrgID
	Name   string
	Fields []Field
}

// Copies keeps in our own store what channels outside have shown, each under the
// name of its projection. Its methods take part in the caller's transaction; a
// channel of which there is no copy is ErrChannel, but for Copy, which makes one.
type Copies interface {
	// Copy adds entries, in this order. told is to be called once they are on disk.
	Copy(ctx context.Context, tx *gorm.DB, of Original, list []Entry) (told func(), err error)

	// Empty takes everything out of a copy, beside no transaction of the caller's.
	Empty(ctx context.Context, id string) error

	// Rhythm is the usual time between the newest entries; 0: not known.
	Rhythm(ctx context.Context, id string) (time.Duration, error)

	Rename(ctx context.Context, tx *gorm.DB, id, name string) error
	Move(ctx context.Context, tx *gorm.DB, id string, to iam.OrgID) error
}

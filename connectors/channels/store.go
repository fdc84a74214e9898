// Package channels is the embedded data store: channels with up to eight
// fields, the keys that write and read them, and their entries. It is a
// provider like any other and also what the ThingSpeak-compatible door and our
// own charts read. It knows people by their ids only; who may see a channel is
// for the caller to decide.
package channels

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/vault"
)

// Provider is the name under which the registry knows the store.
const Provider = "embedded"

// Store keeps channels in our own database. Its methods may be called at once.
type Store struct {
	DB    *gorm.DB
	Vault *vault.Vault
	Live  *live.Hub // nil when nobody listens
	Now   func() time.Time

	// MayRead says whether a person may still have a read key of a channel of an
	// organisation; one that was given to him works as long as it is so.
	// With nil every read key works until it is revoked.
	MayRead func(ctx context.Context, user iam.UserID, org iam.OrgID, channel string) bool

	Tally Tally // of Write

	known  keys
	queue  queue
	recent recent
	copied copied

	summing summing
}

var _ connectors.Provider = (*Store)(nil)

// An ID numbers a channel; on the wire it is decimal.
type ID int64

// String is the decimal form.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// ParseID reads the decimal form: 1 to 18 digits. Anything else is connectors.ErrChannel.
func ParseID(s string) (ID, error) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, connectors.ErrChannel
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return 0, connectors.ErrChannel
	}
	return ID(n), nil
}

// What the store answers besides success and connectors.ErrChannel.
var (
	ErrKey       = fault.New(fault.Refused, "channel-key", "This key does not open the channel.")
	ErrTooSoon   = fault.New(fault.TooMany, "channel-too-soon", "The channel takes its next entry later.")
	ErrTimeTaken = fault.New(fault.Conflict, "channel-time-taken", "The channel already has an entry with that time.")
	ErrValue     = fault.New(fault.Unprocessable, "channel-value", "A value is longer than 255 bytes or is not text.")
	ErrAccount   = fault.New(fault.Unauthenticated, "account-key", "This account key is not valid.")
	ErrEntry     = fault.New(fault.NotFound, "entry-unknown", "There is no such entry.")
)

// Name implements connectors.Provider.
func (s *Store) Name() string { return Provider }

// Capabilities implements connectors.Provider.
func (s *Store) Capabilities() connectors.Capabilities {
	return connectors.Capabilities{EndKeys: true, RotateWriteKey: true, MultipleWriteKeys: true, AddReadKey: true, RevokeReadKey: true}
}

// db is the store outside any transaction; on SQLite its reads see what is committed.
func (s *Store) db(ctx context.Context) *gorm.DB { return s.DB.WithContext(ctx) }

// Package connectors gives devices their data channels. A provider makes and
// ends channels somewhere, in our own store or in a service outside; the
// registry knows which connector serves which organisation. It knows nothing of
// devices or people.
package connectors

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// A Provider makes channels and the keys that open them. Every method takes
// part in the caller's transaction, who has made sure that the channel is his to
// change. A channel that is not there is ErrChannel.
type Provider interface {
	// Name is the word that credentials and the connectors table use, e.g. "embedded".
	Name() string

	// Capabilities says what this provider can do to keys.
	Capabilities() Capabilities

	// Create makes a channel and its write key. The same Op again gives the same channel.
	Create(ctx context.Context, tx *gorm.DB, w Wanted) (Channel, error)

	// Keys is the channel with its newest write key; a channel that is closed has none.
	Keys(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, id string) (Channel, error)

	// WriteKeyUsed tells whether a value came with the newest write key, also of
	// a closed channel. After Close, in its transaction, the answer is final.
	WriteKeyUsed(ctx context.Context, tx *gorm.DB, id string) (bool, error)

	// Rename gives the channel another name.
	Rename(ctx context.Context, tx *gorm.DB, id, name string) error

	// Move puts the channel under another organisation of the same tenant.
	Move(ctx context.Context, tx *gorm.DB, id string, to iam.OrgID) error

	// Hold makes the write keys useless until Release. Readers are not touched,
	// and a second call changes nothing.
	Hold(ctx context.Context, tx *gorm.DB, id string) error
	Release(ctx context.Context, tx *gorm.DB, id string) error

	// Close ends every key of the channel. Its values stay for the history.
	Close(ctx context.Context, tx *gorm.DB, id string) error
}

// Wanted describes a channel to be made.
type Wanted struct {
	Op     string // names the wish, so that it is granted once; opaque
	By     ID     // the connector that it is made by
	Tenant iam.OrgID
	Org    iam.OrgID
	Name   string
	Fields []Field // 1 to 8
}

// A Field is one of a channel's values: what it is and, for our pages, its unit.
type Field struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
}

// A Channel is where a device's values go.
type Channel struct {
	ID        string
	WriteKey  vault.Secret // empty while the channel is being made or held, and once it is closed
	Pending   bool         // it is being made: ask again later
	Lost      bool         // it was deleted outside: wish for another
	Outside   string       // what it is called where it is; empty: ID
	UpdateURL string       // absolute, or empty: our own door, whose address the caller knows
}

// Capabilities is what a provider can do. The embedded store can do all but
// DeviceMQTT; the hosted ThingSpeak none.
type Capabilities struct {
	EndKeys           bool // Hold and Close make write keys useless; else they are only handed out no more
	RotateWriteKey    bool
	MultipleWriteKeys bool
	AddReadKey        bool
	RevokeReadKey     bool
	DeviceMQTT        bool
	Agents            bool // makes agents that devices have beside a channel, never instead
}

// What a provider or the registry can answer besides success.
var (
	ErrChannel   = fault.New(fault.NotFound, "channel-unknown", "There is no such channel.")
	ErrConnector = fault.New(fault.Conflict, "connector-none", "No connector serves this organisation yet.")
)

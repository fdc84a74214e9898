// Package devices is about the things that measure: how one that knows only
// its serial number and a registration key comes aboard, and how people rename,
// move, suspend and retire it afterwards. It knows nothing of HTTP or pages;
// what a device sees on the wire is in wire, how answers are locked in seal.
package devices

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/limit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/policies"
)

// Service is everything that can be done with devices. Its methods may be
// called at once.
type Service struct {
	DB         *gorm.DB
	Vault      *vault.Vault
	Decider    *policies.Decider
	Orgs       *orgs.Service
	Connectors *connectors.Registry
	Channels   *channels.Store // what lists show of channels
	Outside    Copies          // of channels that a service outside keeps; nil: there are none
	Live       *live.Hub       // nil when nobody listens
	Trail      *audit.Trail    // where refusals go
	Limits     *limit.Limiter  // of the registration doors
	Bounds     Bounds          // the zero value stands for DefaultBounds
	UpdateURL  func() string   // where devices write to when their provider does not say; absolute
	Now        func() time.Time
	Log        *slog.Logger

	recipients recipients
	serving    serving
	background sync.WaitGroup
	swept      atomic.Int64 // boardings up to here were looked at by Sweep
}

// A State is where in its life a device stands.
type State string

// A device that was never aboard is a Request, not a Device.
const (
	Announced State = "announced" // made by its owner, has not come aboard; of agents

	Provisioning State = "provisioning" // aboard; its channel is being made, and it has heard of none
	Lost         State = "lost"         // its channel was deleted outside; its next call brings another
	Active       State = "active"
	Suspended    State = "suspended"
	Retired      State = "retired" // a tombstone: it boards again only when its owner says so
)

// A Door is where a device came in.
type Door string

// At the proved door a device shows that it holds the whole key, at the simple
// one it names the first half alone. An agent registers with a token instead.
const (
	Proved Door = "proved"
	Simple Door = "simple"
	Agent  Door = "agent"
	Manual Door = "manual" // cannot register: a person types its write key into it
)

// A Device as the database has it. Times are Unix microseconds.
type Device struct {
	ID            iam.DeviceID  `gorm:"column:id;primaryKey"`
	Tenant        iam.OrgID     `gorm:"column:tenant_id"`
	Org           iam.OrgID     `gorm:"column:org_id"`
	Serial        string        `gorm:"column:serial"`
	Name          string        `gorm:"column:name"`
	Kind          string        `gorm:"column:kind"`
	Model         string        `gorm:"column:model"`
	Firmware      string        `gorm:"column:firmware"`
	State         State         `gorm:"column:state"`
	Door          Door          `gorm:"column:door"`
	Key           iam.KeyID     `gorm:"column:key_id"`
	Kid           string        `gorm:"column:kid"`
	SecretSealed  []byte        `gorm:"column:secret_sealed"` // empty while it came by the simple door alone
	WaitingKid    *string       `gorm:"column:waiting_kid"`
	WaitingSealed []byte        `gorm:"column:waiting_sealed"`
	Connector     connectors.ID `gorm:"column:connector_id"`
	Channel       string        `gorm:"column:channel_id"`
	Version       int64         `gorm:"column:version"`
	Address       string        `gorm:"column:address"`
	CalledAt      int64         `gorm:"column:called_at"`
	BoardedAt     int64         `gorm:"column:boarded_at"`
	SealedAt      int64         `gorm:"column:sealed_at"` // first sealed answer of the last boarding
	Boardings     int64         `gorm:"column:boardings"`
	RemovedAt     *int64        `gorm:"column:removed_at"`
	CreatedAt     int64         `gorm:"column:created_at;autoCreateTime:false"`
}

// TableName is for GORM.
func (Device) TableName() string { return "devices" }

// ErrUnknown is also what those hear who may not know that the device exists.
var (
	ErrUnknown = fault.New(fault.NotFound, "device-unknown", "There is no such device.")
	ErrRetired = fault.New(fault.Conflict, "device-retired", "This device was removed.")
)

// find takes the device for somebody who wants act done with it. Who may not
// know of it hears ErrUnknown; who does and may not hears policies.ErrRefused.
func (s *Service) find(ctx context.Context, id iam.DeviceID, act policies.Action) (d Device, err error) {
	err = s.DB.WithContext(ctx).Where("id = ?", id).Take(&d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return d, ErrUnknown
	}
	if err != nil {
		return d, err
	}
	err = s.Decider.RequireDevice(ctx, act, d.Org, d.ID)
	if errors.Is(err, policies.ErrHidden) {
		err = ErrUnknown
	}
	return d, err
}

// change runs do, which changes nobody's rights, on a device that is still
// aboard, with its line in the trail, and tells those who watch. A rehearsal has
// nothing to tell.
func (s *Service) change(ctx context.Context, verb string, d Device, detail audit.Detail, do func(tx *gorm.DB) (changed bool, err error)) error {
	if d.RemovedAt != nil {
		return ErrRetired
	}
	changed := false
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
		if changed, err = do(tx); err != nil || !changed {
			return err
		}
		if p := orgs.Rehearsing(ctx); p != nil {
			*p = orgs.Preview{}
			return errRehearsed
		}
		return audit.Record(ctx, tx, verb, d.object(), detail)
	})
	if errors.Is(err, errRehearsed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, d.ID, err)
	}
	if changed {
		s.publish(live.Device, d.Tenant, d.Org, string(d.ID))
	}
	return nil
}

// errRehearsed takes back what was only tried.
var errRehearsed = errors.New("rehearsed")

func (d Device) object() audit.Object {
	return audit.Object{Tenant: string(d.Tenant), Org: string(d.Org), Type: "device", ID: string(d.ID)}
}

func (s *Service) publish(kind live.Kind, tenant, org iam.OrgID, id string) {
	if s.Live != nil {
		s.Live.Publish(live.Event{Kind: kind, Tenant: tenant, Org: org, ID: id})
	}
}

func (s *Service) micros() int64 { return iam.Micros(s.Now()) }

// Wait returns when what was begun beside a request is done; call it at the end.
func (s *Service) Wait() { s.background.Wait() }

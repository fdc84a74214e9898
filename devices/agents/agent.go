// Package agents is about industrial agents: devices that register with an
// initial access token, renew their credentials by themselves, and speak with
// access tokens afterwards (RFC 7591, 7592 and 7523, as agent management v3 has
// them). It knows nothing of HTTP.
package agents

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/files"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/limit"
	"halfkey/iam/recall"
	"halfkey/iam/token"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/policies"
)

// Service is everything that can be done with agents. Its methods may be called
// at once.
type Service struct {
	DB       *gorm.DB
	Vault    *vault.Vault
	Decider  *policies.Decider
	Orgs     *orgs.Service
	Devices  *devices.Service
	Channels *channels.Store
	Files    files.Store
	Keys     *token.Keys
	Limits   *limit.Limiter
	Trail    *audit.Trail                 // where refusals go
	BaseURL  func(context.Context) string // absolute, without a slash at the end
	Bounds   Bounds                       // the zero value stands for DefaultBounds
	Now      func() time.Time
	Log      *slog.Logger

	once  sync.Once
	terms *recall.Memory[iam.OrgID, Terms]
}

// An ID names an agent on the wire: 32 lower-case hexadecimal digits.
type ID string

// ErrID says that what came is no agent's id.
var ErrID = fault.New(fault.Malformed, "agent-id", "An agent's id is 32 hexadecimal digits.")

// ParseID takes an id in either case.
func ParseID(s string) (ID, error) {
	if len(s) != 32 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return "", ErrID
	}
	return ID(strings.ToLower(s)), nil
}

func newID() ID {
	var b [16]byte
	rand.Read(b[:])
	return ID(hex.EncodeToString(b[:]))
}

// A Profile is how an agent proves who it is.
type Profile string

// With SharedSecret we know what the agent knows; with RSA3072 the agent makes
// a key pair and nothing secret is left with us.
const (
	SharedSecret Profile = "SHARED_SECRET"
	RSA3072      Profile = "RSA_3072"
)

// ErrProfile says that there is no such profile.
var ErrProfile = fault.New(fault.Malformed, "agent-profile", "The security profile is SHARED_SECRET or RSA_3072.")

// ParseProfile takes a profile as the wire has it.
func ParseProfile(s string) (Profile, error) {
	switch p := Profile(s); p {
	case SharedSecret, RSA3072:
		return p, nil
	}
	return "", ErrProfile.At("securityProfile", "is SHARED_SECRET or RSA_3072")
}

// A Boarding is how far an agent has come.
type Boarding string

// An agent is Onboarding from the start, since its initial token is made with it.
const (
	NotOnboarded Boarding = "NOT_ONBOARDED" // said once, in answer to Offboard
	Onboarding   Boarding = "ONBOARDING"
	Onboarded    Boarding = "ONBOARDED"
)

// An Agent is what those see who may see its device.
type Agent struct {
	ID        ID
	Device    iam.DeviceID
	Tenant    iam.OrgID
	Org       iam.OrgID
	Name      string
	Profile   Profile
	ETag      int64
	State     devices.State
	Channel   string    // its own; it may have more
	Onboarded time.Time // zero while it is not
	InitialTo time.Time // how long its initial token works; zero when it was used
	Fetched   time.Time // when the boarding configuration was first handed out
	Expires   time.Time // its credentials
	Proved    time.Time // first token with these credentials
	Renewed   int64     // how many sets of credentials it has had, 0 for none
	Network   string    // JSON; empty if nobody gave it any
	Created   time.Time
}

// Boarding says how far it has come.
func (a Agent) Boarding() Boarding {
	if a.Onboarded.IsZero() {
		return Onboarding
	}
	return Onboarded
}

// What can go wrong, whoever asks.
var (
	ErrUnknown   = fault.New(fault.NotFound, "agent-unknown", "There is no such agent.")
	ErrIDTaken   = fault.New(fault.Conflict, "agent-taken", "There is an agent with this id already.")
	ErrETag      = fault.New(fault.Stale, "agent-changed", "It was changed meanwhile. Read it again.")
	ErrOnboarded = fault.New(fault.Conflict, "agent-onboarded", "The agent is onboarded. Offboard it first.")
	ErrNotAboard = fault.New(fault.Conflict, "agent-not-onboarded", "The agent is not onboarded.")
	ErrQuota     = fault.New(fault.Conflict, "agent-quota", "There are as many agents as this size of environment has room for.")
)

// row is an agent with its device, as the database has them.
type row struct {
	ID           ID           `gorm:"column:id"`
	Device       iam.DeviceID `gorm:"column:device_id"`
	Tenant       iam.OrgID    `gorm:"column:tenant_id"`
	Ten          string       `gorm:"column:ten"` // the tenant's word when the agent was made, as its boarding file has it
	Profile      Profile      `gorm:"column:profile"`
	Network      string       `gorm:"column:network"`
	Epoch        int64        `gorm:"column:epoch"`
	OnboardedAt  *int64       `gorm:"column:onboarded_at"`
	IATSealed    []byte       `gorm:"column:iat_sealed"`
	IATMac       []byte       `gorm:"column:iat_mac"`
	IATExpiresAt *int64       `gorm:"column:iat_expires_at"`
	FetchedAt    *int64       `gorm:"column:fetched_at"`
	Generation   int64        `gorm:"column:generation"`
	RATMac       []byte       `gorm:"column:rat_mac"`
	SecretSealed []byte       `gorm:"column:secret_sealed"`
	PublicKey    []byte       `gorm:"column:public_key"`
	ExpiresAt    *int64       `gorm:"column:expires_at"`
	ProvedAt     *int64       `gorm:"column:proved_at"`
	OldGen       int64        `gorm:"column:old_generation"`
	OldRATMac    []byte       `gorm:"column:old_rat_mac"`
	OldSecret    []byte       `gorm:"column:old_secret"`
	OldPublicKey []byte       `gorm:"column:old_public_key"`
	OldExpiresAt *int64       `gorm:"column:old_expires_at"`

	Org       iam.OrgID     `gorm:"column:org_id"`
	Name      string        `gorm:"column:name"`
	State     devices.State `gorm:"column:state"`
	ETag      int64         `gorm:"column:version"`
	Channel   string        `gorm:"column:channel_id"`
	Connector string        `gorm:"column:connector_id"`
	CreatedAt int64         `gorm:"column:created_at"`
}

const columns = `a.id, a.device_id, a.tenant_id, a.ten, a.profile, a.network, a.epoch, a.onboarded_at, a.iat_sealed, a.iat_mac, a.iat_expires_at, a.fetched_at,
 a.generation, a.rat_mac, a.secret_sealed, a.public_key, a.expires_at, a.proved_at, a.old_generation, a.old_rat_mac, a.old_secret, a.old_public_key, a.old_expires_at,
 d.org_id, d.name, d.state, d.version, d.channel_id, d.connector_id, d.created_at`

const fromAgents = ` FROM agents a JOIN devices d ON d.id = a.device_id WHERE d.removed_at IS NULL`

func (r *row) agent() Agent {
	return Agent{ID: r.ID, Device: r.Device, Tenant: r.Tenant, Org: r.Org, Name: r.Name, Profile: r.Profile, ETag: r.ETag, State: r.State, Channel: r.Channel,
		Onboarded: iam.TimeOrZero(r.OnboardedAt), InitialTo: iam.TimeOrZero(r.IATExpiresAt), Fetched: iam.TimeOrZero(r.FetchedAt),
		Expires: iam.TimeOrZero(r.ExpiresAt), Proved: iam.TimeOrZero(r.ProvedAt), Renewed: r.Generation, Network: r.Network, Created: iam.Time(r.CreatedAt)}
}

func (r *row) object() audit.Object {
	return audit.Object{Tenant: string(r.Tenant), Org: string(r.Org), Type: "device", ID: string(r.Device)}
}

// device is as much of the agent's device as changing it needs.
func (r *row) device() devices.Device {
	return devices.Device{ID: r.Device, Tenant: r.Tenant, Org: r.Org, Serial: string(r.ID), Name: r.Name, State: r.State, Door: devices.Agent,
		Connector: connectorID(r.Connector), Channel: r.Channel}
}

func (s *Service) micros() int64 { return iam.Micros(s.Now()) }

package orgs

import (
	"time"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// Form tells a registration key's two shapes apart.
type Form string

// A standard key has halves of 50 and 130 bits. A classic one has 40 and 40,
// for a console or EEPROM that takes only XXXXXXXX-XXXXXXXX: whoever records
// one sealed answer finds its second half in days.
const (
	Standard Form = "standard"
	Classic  Form = "classic"
)

// Boarding is what happens when a serial calls for the first time.
type Boarding string

const (
	BoardAuto    Boarding = "auto"
	BoardSerials Boarding = "serials" // listed ones only
	BoardApprove Boarding = "approve" // the owner accepts each stranger
)

// Reboarding is what happens when a boarded serial calls again.
type Reboarding string

const (
	ReboardAuto    Reboarding = "auto"
	ReboardApprove Reboarding = "approve"
	ReboardDeny    Reboarding = "deny"
)

// KeyState goes one way: active, retiring, revoked.
type KeyState string

const (
	KeyActive   KeyState = "active"
	KeyRetiring KeyState = "retiring" // works as before until RetiresAt
	KeyRevoked  KeyState = "revoked"  // refused for everything, never revived
)

// Key is a registration key without its halves.
type Key struct {
	ID         iam.KeyID
	Tenant     iam.OrgID
	Org        iam.OrgID // its devices land here
	Label      string
	Hint       string // the first four characters of the first half; not on the hot path
	Form       Form
	DeviceKind string
	Boarding   Boarding
	Reboarding Reboarding
	SimpleDoor bool
	NotBefore  time.Time // zero for none
	ExpiresAt  time.Time // zero for never
	MaxUses    int64     // new devices; zero for any number
	Uses       int64
	State      KeyState
	RetiresAt  time.Time
	Replaces   iam.KeyID // "" for none
	P2S        []byte    // classic only: PBES2 salt and count
	P2C        int
	CreatedBy  iam.UserID
	CreatedAt  time.Time
}

// Dead reports whether the key is refused for everything.
func (k Key) Dead(now time.Time) bool {
	return k.State == KeyRevoked || k.State == KeyRetiring && !now.Before(k.RetiresAt)
}

// TakesNew reports whether the key boards serials that it does not know yet.
func (k Key) TakesNew(now time.Time) bool {
	return !k.Dead(now) && !now.Before(k.NotBefore) && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt)) &&
		(k.MaxUses == 0 || k.Uses < k.MaxUses)
}

// What can be wrong with a registration key.
var (
	ErrKeyUnknown = fault.New(fault.NotFound, "key-unknown", "There is no such registration key.")
	ErrKeyClosed  = fault.New(fault.Conflict, "key-closed", "This registration key takes no new devices.")
	ErrKeyEnded   = fault.New(fault.Conflict, "key-ended", "This registration key has been replaced or revoked already.")
	ErrNoKey      = fault.New(fault.NotFound, "key-none", "There is no registration key for this place yet.")
	ErrKeyForm    = fault.New(fault.Unprocessable, "key-form-unknown", "Choose one of the offered values.")
	ErrKeyUses    = fault.New(fault.Unprocessable, "key-uses", "Use a number from 1 to 1,000,000, or none for no limit.")
	ErrKeyTimes   = fault.New(fault.Unprocessable, "key-times", "It has to end after it begins, and in the future.")
	ErrSerial     = fault.New(fault.Unprocessable, "serial-malformed", "A serial has 1 to 64 letters, digits and . _ : -, and begins with a letter or digit.")
)

// deviceKinds are the presets for the devices of a key.
var deviceKinds = map[string]bool{"thermometer": true, "humidity": true, "gateway": true, "agent": true, "other": true}

type keyRow struct {
	ID           string  `gorm:"column:id;primaryKey"`
	TenantID     string  `gorm:"column:tenant_id"`
	OrgID        string  `gorm:"column:org_id"`
	Label        string  `gorm:"column:label"`
	Form         string  `gorm:"column:form"`
	FirstMAC     []byte  `gorm:"column:first_mac"`
	FirstSealed  []byte  `gorm:"column:first_sealed"`
	SecondSealed []byte  `gorm:"column:second_sealed"`
	P2S          []byte  `gorm:"column:p2s"`
	P2C          int     `gorm:"column:p2c"`
	DeviceKind   string  `gorm:"column:device_kind"`
	Boarding     string  `gorm:"column:boarding"`
	Reboarding   string  `gorm:"column:reboarding"`
	SimpleDoor   bool    `gorm:"column:simple_door"`
	NotBefore    *int64  `gorm:"column:not_before"`
	ExpiresAt    *int64  `gorm:"column:expires_at"`
	MaxUses      *int64  `gorm:"column:max_uses"`
	Uses         int64   `gorm:"column:uses"`
	State        string  `gorm:"column:state"`
	RetiresAt    *int64  `gorm:"column:retires_at"`
	ReplacesID   *string `gorm:"column:replaces_id"`
	CreatedBy    string  `gorm:"column:created_by"`
	CreatedAt    int64   `gorm:"column:created_at;autoCreateTime:false"`
}

func (keyRow) TableName() string { return "registration_keys" }

func (r keyRow) key() Key {
	k := Key{
		ID: iam.KeyID(r.ID), Tenant: iam.OrgID(r.TenantID), Org: iam.OrgID(r.OrgID), Label: r.Label, Form: Form(r.Form), DeviceKind: r.DeviceKind,
		Boarding: Boarding(r.Boarding), Reboarding: Reboarding(r.Reboarding), SimpleDoor: r.SimpleDoor, NotBefore: iam.TimeOrZero(r.NotBefore),
		ExpiresAt: iam.TimeOrZero(r.ExpiresAt), Uses: r.Uses, State: KeyState(r.State), RetiresAt: iam.TimeOrZero(r.RetiresAt),
		P2S: r.P2S, P2C: r.P2C, CreatedBy: iam.UserID(r.CreatedBy), CreatedAt: iam.Time(r.CreatedAt),
	}
	if r.MaxUses != nil {
		k.MaxUses = *r.MaxUses
	}
	if r.ReplacesID != nil {
		k.Replaces = iam.KeyID(*r.ReplacesID)
	}
	return k
}

func (k Key) row() keyRow {
	r := keyRow{
		ID: string(k.ID), TenantID: string(k.Tenant), OrgID: string(k.Org), Label: k.Label, Form: string(k.Form), DeviceKind: k.DeviceKind,
		Boarding: string(k.Boarding), Reboarding: string(k.Reboarding), SimpleDoor: k.SimpleDoor, NotBefore: iam.MicrosOrNull(k.NotBefore),
		ExpiresAt: iam.MicrosOrNull(k.ExpiresAt), State: string(k.State), RetiresAt: iam.MicrosOrNull(k.RetiresAt),
		P2S: k.P2S, P2C: k.P2C, CreatedBy: string(k.CreatedBy), CreatedAt: iam.Micros(k.CreatedAt),
	}
	if k.MaxUses != 0 {
		r.MaxUses = &k.MaxUses
	}
	if k.Replaces != "" {
		r.ReplacesID = (*string)(&k.Replaces)
	}
	return r
}

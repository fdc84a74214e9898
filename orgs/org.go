// Package orgs keeps the tree of organisations: it founds them, invites people
// into them and issues the registration keys by which devices come. What a
// registration key opens is not known here.
package orgs

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/iam/notify"
	"halfkey/iam/recall"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// Kind is what sort of place an organisation is.
type Kind string

// Platform is the root, Tenant what is founded; people choose among the others.
const (
	Platform  Kind = "platform"
	Tenant    Kind = "tenant"
	Household Kind = "household"
	Plant     Kind = "plant"
	Fleet     Kind = "fleet"
	Team      Kind = "team"
	Plain     Kind = "plain"
)

// ErrKind says that no place is of such a kind.
var ErrKind = fault.New(fault.Unprocessable, "org-kind-unknown", "Choose what sort of place it is.")

// ParseKind takes a kind that people may choose; empty is Plain.
func ParseKind(s string) (Kind, error) {
	switch k := Kind(s); k {
	case Household, Plant, Fleet, Team, Plain:
		return k, nil
	case "":
		return Plain, nil
	}
	return "", ErrKind
}

// Org is an organisation: a place for people and devices.
type Org struct {
	ID        iam.OrgID
	Tenant    iam.OrgID
	Parent    iam.OrgID // "" for the platform
	Kind      Kind
	Slug      string // for machines; unique in its tenant, a tenant's everywhere
	Name      string
	CreatedAt time.Time

	State          State
	From           time.Time // opens then; zero for no such day
	Until          time.Time // ends then
	Private        bool      // not looked into from above, but by owners and auditors
	MemberRole     policies.Role
	MinCredential  string // any, mfa, passkey
	RotateReadKeys string // always, exposed, ask
	Version        int64  // grows with every change of the above
}

// State is whether a place is open. What lies above it, and its dates, count as
// well: see Standing.
type State string

// A closed place is over, with the read keys of its people; a suspended one
// rests. Either can be resumed.
const (
	Active    State = "active"
	Suspended State = "suspended"
	Closed    State = "closed"
)

// Service is the use cases of organisations. All fields but the unexported are needed.
type Service struct {
	DB         *gorm.DB
	Vault      *vault.Vault
	Decider    *policies.Decider
	Users      *iam.Users
	Passwords  *iam.Passwords
	Sessions   *iam.Sessions
	Settings   *iam.Settings
	Connectors *connectors.Registry
	Desk       *connectors.Desk // nil: nobody brings an account outside along
	Newcomers  []string         // base addresses at which somebody who founds may have one
	Live       *live.Hub
	Post       *notify.Service // nil: nobody is told anything
	Addresses  *iam.Addresses  // needed where Post sends mail
	Now        func() time.Time

	ClassicCount int // PBES2 iterations of new classic keys, 10,000 to 1,000,000; zero stands for the least

	setUp    atomic.Bool // there is an administrator
	keysOnce sync.Once
	keys     *recall.Memory[[32]byte, foundKey]
	sample   atomic.Pointer[sealedSecond]
}

type orgRow struct {
	ID        string  `gorm:"column:id;primaryKey"`
	TenantID  string  `gorm:"column:tenant_id"`
	ParentID  *string `gorm:"column:parent_id"`
	Kind      string  `gorm:"column:kind"`
	Slug      string  `gorm:"column:slug"`
	Name      string  `gorm:"column:name"`
	State     string  `gorm:"column:state"`
	CreatedAt int64   `gorm:"column:created_at;autoCreateTime:false"`

	ValidFrom      *int64 `gorm:"column:valid_from"`
	ValidTo        *int64 `gorm:"column:valid_to"`
	Private        bool   `gorm:"column:private"`
	MemberRole     string `gorm:"column:member_role"`
	MinCredential  string `gorm:"column:min_credential"`
	RotateReadKeys string `gorm:"column:rotate_read_keys"`
	Version        int64  `gorm:"column:version"`
}

func (orgRow) TableName() string { return "orgs" }

func (r orgRow) org() Org {
	o := Org{
		ID: iam.OrgID(r.ID), Tenant: iam.OrgID(r.TenantID), Kind: Kind(r.Kind), Slug: r.Slug, Name: r.Name, CreatedAt: iam.Time(r.CreatedAt),
		State: State(r.State), From: iam.TimeOrZero(r.ValidFrom), Until: iam.TimeOrZero(r.ValidTo), Private: r.Private,
		MemberRole: policies.Role(r.MemberRole), MinCredential: r.MinCredential, RotateReadKeys: r.RotateReadKeys, Version: r.Version,
	}
	if r.ParentID != nil {
		o.Parent = iam.OrgID(*r.ParentID)
	}
	return o
}

// slug makes a machine's name: small letters, digits and hyphens, at most 31,
// beginning with a letter or digit; no underscore, which separates it elsewhere.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() == 26 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "org"
}

// tell lets open pages know that something changed.
func (s *Service) tell(kind live.Kind, tenant, org iam.OrgID, id string) {
	s.Live.Publish(live.Event{Kind: kind, Tenant: tenant, Org: org, ID: id})
}

// asking is the person who acts in ctx, or "".
func asking(ctx context.Context) iam.UserID {
	user, _ := policies.Asking(ctx)
	return user
}

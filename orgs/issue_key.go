package orgs

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// The lengths of a key's halves, in characters of 5 bits.
const (
	standardFirst, standardSecond = 10, 26
	classicFirst, classicSecond   = 8, 8
)

// A classic key is weak, so it always ends.
const (
	classicUses = 20
	classicLife = 90 * 24 * time.Hour
	usesMost    = 1_000_000
)

// The PBES2 iterations of a classic key: no fewer than a small device can do,
// and no more than any library opens.
const (
	ClassicCountLeast = 10_000
	ClassicCountMost  = 1_000_000
)

// KeyRequest says what a registration key shall be. What is left empty gets the
// default: standard, thermometer, auto; reboarding approve and the simple door
// closed for a standard key, auto and open for a classic one.
type KeyRequest struct {
	Org        iam.OrgID
	Label      string // the organisation's name where empty
	Form       Form
	DeviceKind string
	Boarding   Boarding
	Reboarding Reboarding
	SimpleDoor bool
	NotBefore  time.Time
	ExpiresAt  time.Time
	MaxUses    int64 // zero for any number; classic: zero for 20
}

// IssueKey makes a registration key. Both halves are drawn here; RevealKey shows
// them. Field names: label, form, device_kind, boarding, reboarding, max_uses,
// expires_at.
func (s *Service) IssueKey(ctx context.Context, r KeyRequest) (Key, error) {
	if err := s.Decider.Require(ctx, policies.ManageRegistrationKey, r.Org); err != nil {
		return Key{}, err
	}
	org, err := findOrg(s.DB.WithContext(ctx), r.Org)
	if err != nil {
		return Key{}, err
	}
	if r.Label == "" {
		r.Label = org.Name
	}
	k, err := r.parse(s.Now())
	if err != nil {
		return Key{}, err
	}
	k.Tenant, k.Org, k.CreatedBy = org.Tenant, org.ID, asking(ctx)
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if k, err = s.newKey(tx, k); err != nil {
			return err
		}
		return s.recordKey(ctx, tx, "key.issue", k, audit.Detail{"label": k.Label, "form": string(k.Form), "boarding": string(k.Boarding), "simple_door": k.SimpleDoor})
	})
	if err != nil {
		return Key{}, fmt.Errorf("issue a registration key: %w", err)
	}
	s.tell(live.Key, k.Tenant, k.Org, string(k.ID))
	return k, nil
}

func (r KeyRequest) parse(now time.Time) (Key, error) {
	k := Key{
		Form: either(r.Form, Standard), DeviceKind: either(r.DeviceKind, "thermometer"), Boarding: either(r.Boarding, BoardAuto),
		Reboarding: r.Reboarding, SimpleDoor: r.SimpleDoor, NotBefore: r.NotBefore, ExpiresAt: r.ExpiresAt, MaxUses: r.MaxUses,
	}
	if k.Form == Classic {
		k.SimpleDoor, k.Reboarding, k.MaxUses = true, either(k.Reboarding, ReboardAuto), either(k.MaxUses, classicUses)
		if k.ExpiresAt.IsZero() {
			k.ExpiresAt = now.Add(classicLife)
		}
	}
	k.Reboarding = either(k.Reboarding, ReboardApprove)
	var form iam.Form
	var err error
	k.Label, err = iam.ParseName(r.Label)
	form.Check("label", err)
	check := func(field string, ok bool, what error) {
		if !ok {
			form.Check(field, what)
		}
	}
	check("form", k.Form == Standard || k.Form == Classic, ErrKeyForm)
	check("device_kind", deviceKinds[k.DeviceKind], ErrKeyForm)
	check("boarding", k.Boarding == BoardAuto || k.Boarding == BoardSerials || k.Boarding == BoardApprove, ErrKeyForm)
	check("reboarding", k.Reboarding == ReboardAuto || k.Reboarding == ReboardApprove || k.Reboarding == ReboardDeny, ErrKeyForm)
	check("max_uses", k.MaxUses >= 0 && k.MaxUses <= usesMost, ErrKeyUses)
	check("expires_at", k.ExpiresAt.IsZero() || k.ExpiresAt.After(now) && k.ExpiresAt.After(k.NotBefore), ErrKeyTimes)
	return k, form.Err()
}

func either[T comparable](wish, otherwise T) T {
	var none T
	if wish == none {
		return otherwise
	}
	return wish
}

// newKey draws the halves and writes the key, in the caller's transaction.
func (s *Service) newKey(tx *gorm.DB, k Key) (Key, error) {
	k.ID, k.State, k.CreatedAt = iam.KeyID(iam.NewID()), KeyActive, s.Now()
	first, second := standardFirst, standardSecond
	if k.Form == Classic {
		first, second = classicFirst, classicSecond
		k.P2C, k.P2S = either(s.ClassicCount, ClassicCountLeast), make([]byte, 16)
		rand.Read(k.P2S)
	}
	name, err := s.unusedFirst(tx, first)
	if err != nil {
		return Key{}, err
	}
	row := k.row()
	row.FirstMAC = s.firstMAC(name)
	if row.FirstSealed, err = s.Vault.Seal(tx, cell(k, "first_sealed"), []byte(name)); err != nil {
		return Key{}, err
	}
	if row.SecondSealed, err = s.Vault.Seal(tx, cell(k, "second_sealed"), []byte(iam.RandomCode(second))); err != nil {
		return Key{}, err
	}
	if err := tx.Create(&row).Error; err != nil {
		return Key{}, fmt.Errorf("write a registration key: %w", err)
	}
	k.Hint = name[:4]
	return k, nil
}

// unusedFirst draws a first half that no key, alive or dead, has ever had.
func (s *Service) unusedFirst(tx *gorm.DB, length int) (string, error) {
	for {
		first := iam.RandomCode(length)
		var n int64
		if err := tx.Model(&keyRow{}).Where("first_mac = ?", s.firstMAC(first)).Count(&n).Error; err != nil {
			return "", fmt.Errorf("draw a first half: %w", err)
		}
		if n == 0 {
			return first, nil
		}
	}
}

func (s *Service) firstMAC(first string) []byte {
	return s.Vault.MAC("registration-key", []byte(first))
}

func cell(k Key, column string) vault.Cell {
	return vault.Cell{Tenant: string(k.Tenant), Column: "registration_keys." + column, Row: string(k.ID)}
}

func (s *Service) recordKey(ctx context.Context, tx *gorm.DB, verb string, k Key, d audit.Detail) error {
	return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(k.Tenant), Org: string(k.Org), Type: "key", ID: string(k.ID)}, d)
}

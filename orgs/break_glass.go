package orgs

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/notify"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// What stands between an administrator and a secret.
var (
	ErrBreakReason = fault.New(fault.Unprocessable, "break-glass-reason", "Say why, in at most 200 characters. The owners read it.")
	ErrNoSecret    = fault.New(fault.NotFound, "secret-unknown", "There is no such secret, or it has ended.")
)

// breakReasonMost bounds a reason, in characters.
const breakReasonMost = 200

// ToldBreakGlass is the notice, and the letter, that owners get.
const ToldBreakGlass = "break-glass"

// SecretRef names a secret: of a device its write key, of a channel one of its
// read keys, or a registration key.
type SecretRef struct {
	Kind    KeyKind
	Key     iam.KeyID    // of a registration or read key
	Channel string       // of a read key
	Device  iam.DeviceID // of a write key
}

// Sealed is a secret that break-glass can open, without the secret.
type Sealed struct {
	SecretRef
	Name    string // of the device or channel; of a registration key its label
	Holder  string // whose read key it is; "" for one that is nobody's own
	Tenant  iam.OrgID
	Org     iam.OrgID
	OrgName string
	Outside bool // a write key that a service outside keeps: no move changes it
}

// Broken is a secret in the open. Second and Form are of a registration key.
type Broken struct {
	Sealed
	First, Second vault.Secret
	Form          Form
}

// BreakGlass shows a secret that no role shows: to a person who may break glass
// where it is, for a reason, which the owners of the place are told at once. The
// trail has the reason and the secret's fingerprint; what was seen so changes
// with the next move, unless it is kept outside. It fails with policies.ErrHidden or ErrRefused,
// ErrNoSecret, and ErrBreakReason (field reason).
func (s *Service) BreakGlass(ctx context.Context, ref SecretRef, reason string) (b Broken, err error) {
	who, err := iam.PersonIn(ctx)
	if err != nil {
		return b, err
	}
	if b.Sealed, err = s.Secret(ctx, ref); err != nil {
		return b, err
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if n := utf8.RuneCountInString(reason); n == 0 || n > breakReasonMost {
		return b, iam.Wrong("reason", ErrBreakReason)
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		mac, err := s.openSealed(ctx, tx, &b)
		if err != nil {
			return err
		}
		owners, err := ownersOf(tx, b.Org, iam.Micros(s.Now()))
		if err != nil {
			return err
		}
		told := make([]string, 0, len(owners))
		for _, o := range owners {
			if o != who {
				told = append(told, string(o))
			}
		}
		data := notify.Data{"Actor": audit.ActorFrom(ctx).Name, "What": string(b.Kind), "Name": b.Name, "Org": b.OrgName, "Reason": reason}
		if err := s.Post.Tell(ctx, tx, told, ToldBreakGlass, data); err != nil {
			return err
		}
		detail := audit.Detail{"name": b.Name, "reason": reason, "fingerprint": audit.Fingerprint(mac), "told": len(told)}
		if b.Holder != "" {
			detail["of"] = b.Holder
		}
		return audit.Record(ctx, tx, brokeVerb(b.Kind), b.object(), detail)
	})
	if err != nil {
		return Broken{}, fmt.Errorf("break glass: %w", err)
	}
	return b, nil
}

// brokeVerb is how the trail has it that a kind of secret was seen so.
func brokeVerb(k KeyKind) string {
	switch k {
	case RegistrationKey:
		return "key.break-glass"
	case WriteKey:
		return "write-key.break-glass"
	}
	return "read-key.break-glass"
}

func (b Sealed) object() audit.Object {
	o := audit.Object{Tenant: string(b.Tenant), Org: string(b.Org), Type: string(b.Kind), ID: string(b.Key)}
	if b.Kind == WriteKey {
		o.Type, o.ID = "device", string(b.Device)
	}
	return o
}

// openSealed opens the secret, and gives the keyed hash that it is known by.
func (s *Service) openSealed(ctx context.Context, tx *gorm.DB, b *Broken) (mac []byte, err error) {
	if b.Kind == RegistrationKey {
		return s.openKey(tx, b)
	}
	if b.Kind == WriteKey {
		b.First, err = s.writeKey(ctx, tx, b.Tenant, b.Device)
	} else {
		b.First, err = s.store().OpenKey(ctx, tx, b.Channel, b.Key)
	}
	if err != nil || b.First == "" {
		return nil, orNoSecret(err)
	}
	return s.store().KeyMAC(b.First), nil
}

func (s *Service) openKey(tx *gorm.DB, b *Broken) ([]byte, error) {
	var row keyRow
	if err := tx.Where("id = ? AND state <> ?", string(b.Key), string(KeyRevoked)).Take(&row).Error; err != nil {
		return nil, orNoSecret(err)
	}
	k := row.key()
	one, err := s.Vault.Open(tx, cell(k, "first_sealed"), row.FirstSealed)
	if err != nil {
		return nil, err
	}
	two, err := s.Vault.Open(tx, cell(k, "second_sealed"), row.SecondSealed)
	b.First, b.Second, b.Form = vault.Secret(one), vault.Secret(two), k.Form
	return row.FirstMAC, err
}

// writeKey is the newest write key of a device's channel, wherever that is kept.
func (s *Service) writeKey(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, device iam.DeviceID) (vault.Secret, error) {
	var d struct{ ConnectorID, ChannelID string }
	res := tx.Raw("SELECT connector_id, channel_id FROM devices WHERE id = ? AND removed_at IS NULL", string(device)).Scan(&d)
	if res.Error != nil || res.RowsAffected == 0 {
		return "", res.Error
	}
	_, provider, err := s.Connectors.Get(ctx, tx, connectors.ID(d.ConnectorID))
	if err != nil {
		return "", err
	}
	channel, err := provider.Keys(ctx, tx, tenant, d.ChannelID)
	return channel.WriteKey, err
}

// The people who own a place, be it through a place above it or a team.
const owners = `SELECT DISTINCT who FROM (
SELECT a.subject_id AS who FROM assignments a JOIN org_closure c ON c.ancestor = a.org_id AND c.descendant = ?
 WHERE a.role = 'owner' AND a.subject_type = 'user' AND a.device_id IS NULL AND (a.reach = 'subtree' OR c.depth = 0) AND %[1]s
UNION SELECT m.subject_id FROM assignments a JOIN org_closure c ON c.ancestor = a.org_id AND c.descendant = ?
 JOIN assignments m ON m.org_id = a.subject_id AND m.subject_type = 'user' AND m.ended_at IS NULL
 WHERE a.role = 'owner' AND a.subject_type = 'org' AND a.device_id IS NULL AND (a.reach = 'subtree' OR c.depth = 0) AND %[1]s) AS o
JOIN users u ON u.id = o.who AND u.state = 'active' ORDER BY who`

const holdsNow = `a.status = 'active' AND a.ended_at IS NULL AND (a.valid_from IS NULL OR a.valid_from <= ?) AND (a.valid_to IS NULL OR a.valid_to > ?)`

func ownersOf(tx *gorm.DB, org iam.OrgID, now int64) (all []iam.UserID, err error) {
	if err := tx.Raw(fmt.Sprintf(owners, holdsNow), string(org), now, now, string(org), now, now).Scan(&all).Error; err != nil {
		return nil, fmt.Errorf("find the owners of %s: %w", org, err)
	}
	return all, nil
}

// MayBreakGlass tells whether the person who acts in ctx may break glass in org.
func (s *Service) MayBreakGlass(ctx context.Context, org iam.OrgID) bool {
	return s.Decider.May(ctx, policies.BreakGlass, org)
}

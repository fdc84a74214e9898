package iam

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// What a passkey can meet.
var (
	ErrNoSite         = fault.New(fault.Unprocessable, "passkey-no-site", "Passkeys do not work at this address. They need the name under which this server is known, with HTTPS.")
	ErrPasskeyWrong   = fault.New(fault.Unauthenticated, "passkey-wrong", "This passkey did not open the door. Try again, or sign in another way.")
	ErrPasskeyKnown   = fault.New(fault.Conflict, "passkey-known", "This passkey is here already.")
	ErrPasskeyUnknown = fault.New(fault.NotFound, "passkey-unknown", "There is no such passkey.")
)

// PasskeyInfo is a passkey as its owner sees it in a list.
type PasskeyInfo struct {
	ID        PasskeyID
	Name      string
	CreatedAt time.Time
	UsedAt    time.Time // zero: never
	Synced    bool      // its maker keeps a copy, so it survives its device
	CopiedAt  time.Time // zero, or when its counter went back: somebody may have a copy
}

// NewPasskey is a passkey whose answer was verified, and which belongs to
// nobody yet. It is plain data and holds nothing secret, so that it can wait
// for a link to be opened.
type NewPasskey struct {
	User         UserID // whose it will be
	CredentialID []byte
	PublicKey    []byte
	Flags        byte
	SignCount    uint32
	AAGUID       []byte
	Transports   string
	Name         string
}

type passkeyRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	UserID       string `gorm:"column:user_id"`
	CredentialID []byte `gorm:"column:credential_id"`
	PublicKey    []byte `gorm:"column:public_key"`
	Flags        byte   `gorm:"column:flags"`
	SignCount    int64  `gorm:"column:sign_count"`
	AAGUID       []byte `gorm:"column:aaguid"`
	Transports   string `gorm:"column:transports"`
	Name         string `gorm:"column:name"`
	CreatedAt    int64  `gorm:"column:created_at;autoCreateTime:false"`
	UsedAt       *int64 `gorm:"column:used_at"`
	CopiedAt     *int64 `gorm:"column:copied_at"`
}

func (passkeyRow) TableName() string { return "passkeys" }

func (r passkeyRow) info() PasskeyInfo {
	return PasskeyInfo{PasskeyID(r.ID), r.Name, Time(r.CreatedAt), TimeOrZero(r.UsedAt), protocol.AuthenticatorFlags(r.Flags).HasBackupState(), TimeOrZero(r.CopiedAt)}
}

func (r passkeyRow) credential() webauthn.Credential {
	c := webauthn.Credential{ID: r.CredentialID, PublicKey: r.PublicKey, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(r.Flags)),
		Authenticator: webauthn.Authenticator{AAGUID: r.AAGUID, SignCount: uint32(r.SignCount)}}
	for t := range strings.FieldsSeq(r.Transports) {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// add writes a verified passkey in the caller's transaction.
func (n NewPasskey) add(tx *gorm.DB, user UserID, now time.Time) (PasskeyID, error) {
	row := passkeyRow{ID: NewID(), UserID: string(user), CredentialID: n.CredentialID, PublicKey: n.PublicKey, Flags: n.Flags, SignCount: int64(n.SignCount),
		AAGUID: n.AAGUID, Transports: n.Transports, Name: n.Name, CreatedAt: Micros(now)}
	err := tx.Create(&row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return "", ErrPasskeyKnown
	}
	if err != nil {
		return "", fmt.Errorf("add a passkey: %w", err)
	}
	return PasskeyID(row.ID), nil
}

// holder is a person as the library sees him.
type holder struct {
	id          UserID
	email, name string
	passkeys    []passkeyRow
}

func (h holder) WebAuthnID() []byte          { return []byte(h.id) }
func (h holder) WebAuthnName() string        { return h.email }
func (h holder) WebAuthnDisplayName() string { return h.name }
func (h holder) WebAuthnCredentials() (all []webauthn.Credential) {
	for _, r := range h.passkeys {
		all = append(all, r.credential())
	}
	return all
}

func (s *Sessions) passkeysOf(ctx context.Context, user UserID) (rows []passkeyRow, err error) {
	err = s.DB.WithContext(ctx).Where("user_id = ?", string(user)).Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	return rows, nil
}

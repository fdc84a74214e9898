// Package iam knows who someone is: ids, people, their passwords and sessions,
// and what the installation as a whole has decided. It does not know what
// anybody may do; policies judges that.
package iam

import (
	"crypto/rand"
	"time"

	"halfkey/iam/fault"
)

// Ids are types, parsed once at a door. Each is 20 characters of NewID.
type (
	OrgID        string
	UserID       string
	DeviceID     string
	KeyID        string
	AssignmentID string
	InvitationID string
	JoinID       string
	SessionID    string
	PasskeyID    string
	TransferID   string
)

// ErrID says that what came is no id at all; whether a well-formed one exists
// is another question.
var ErrID = fault.New(fault.Malformed, "id-malformed", "That is not an id of this system.")

const (
	idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	idLength   = 20
)

// NewID draws an id: 48 bits of milliseconds, then 52 random bits, as 20
// characters of lower-case Crockford base32. Ids made later sort later.
func NewID() string {
	var random [7]byte
	rand.Read(random[:])
	return idAt(time.Now(), random)
}

// FirstID is the id before which none sorts that was made at t or later. It
// goes by this machine's clock; who compares allows for another's.
func FirstID(t time.Time) string { return idAt(t, [7]byte{}) }

func idAt(t time.Time, rest [7]byte) string {
	var b [13]byte // the time in 6 bytes, then the rest
	ms := uint64(max(t.UnixMilli(), 0))
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	copy(b[6:], rest[:])
	var id [idLength]byte
	var bits, held uint
	at := 0
	for _, c := range b {
		bits, held = bits<<8|uint(c), held+8
		for held >= 5 && at < idLength {
			held -= 5
			id[at] = idAlphabet[bits>>held&31]
			at++
		}
	}
	return string(id[:])
}

// ParseOrgID takes what a door received. It fails with ErrID, like all of these.
func ParseOrgID(s string) (OrgID, error)               { return parseID[OrgID](s) }
func ParseUserID(s string) (UserID, error)             { return parseID[UserID](s) }
func ParseDeviceID(s string) (DeviceID, error)         { return parseID[DeviceID](s) }
func ParseKeyID(s string) (KeyID, error)               { return parseID[KeyID](s) }
func ParseAssignmentID(s string) (AssignmentID, error) { return parseID[AssignmentID](s) }
func ParseInvitationID(s string) (InvitationID, error) { return parseID[InvitationID](s) }
func ParseJoinID(s string) (JoinID, error)             { return parseID[JoinID](s) }
func ParseSessionID(s string) (SessionID, error)       { return parseID[SessionID](s) }
func ParsePasskeyID(s string) (PasskeyID, error)       { return parseID[PasskeyID](s) }
func ParseTransferID(s string) (TransferID, error)     { return parseID[TransferID](s) }

func parseID[T ~string](s string) (T, error) {
	if len(s) != idLength {
		return "", ErrID.At("id", "has 20 characters")
	}
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' && c != 'i' && c != 'l' && c != 'o' && c != 'u' {
			continue
		}
		return "", ErrID.At("id", "has only digits and small letters without i, l, o, u")
	}
	return T(s), nil
}

// Everywhere stands for all organisations where one is asked for. It is no id:
// ParseOrgID refuses it.
const Everywhere OrgID = "*"

// Package seal locks a message so that only the holder of a key's second half
// can open it. It knows nothing of devices, databases or HTTP.
//
// Messages are compact JWE (RFC 7516) with the algorithms of RFC 7518, so any
// JOSE library opens them; derivation is HKDF-SHA-256 (RFC 5869).
package seal

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Keys belong to one pair of halves. Auth signs what the device says, Seal
// wraps what the server says, never the other way.
type Keys struct {
	Auth, Seal [32]byte
}

// String tells nothing: keys end up in logs by accident only.
func (Keys) String() string { return "••••••••" }

// GoString tells as little.
func (k Keys) GoString() string { return k.String() }

// Derive makes both keys from the halves in normal form, the second without
// its check character.
func Derive(first, second string) (k Keys) {
	extract := hmac.New(sha256.New, []byte(first))
	extract.Write([]byte(second))
	var prk [sha256.Size]byte
	expand := hmac.New(sha256.New, extract.Sum(prk[:0]))

	expand.Write([]byte("halfkey/1 auth\x01"))
	expand.Sum(k.Auth[:0])
	expand.Reset()
	expand.Write([]byte("halfkey/1 seal\x01"))
	expand.Sum(k.Seal[:0])
	return k
}

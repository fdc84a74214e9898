package wire

import (
	"crypto/rand"
	"encoding/base64"
)

// A Serial is the number burned into a device: 1 to 64 of A–Z a–z 0–9 . _ : -,
// beginning with a letter or digit. Case matters.
type Serial string

// ParseSerial takes a serial as it stands in a path, decoded once.
func ParseSerial(s string) (Serial, error) {
	if !made(s, 1, 64, "._:-") || !alphanumeric(s[0]) {
		return "", malformed("serial: 1 to 64 letters, digits or . _ : - beginning with a letter or digit")
	}
	return Serial(s), nil
}

// A Nonce is what a device puts into a request to know the answer by: 22 to 43
// of A–Z a–z 0–9 - _. A registration carries it as jti.
type Nonce string

// ParseNonce takes a nonce from a request.
func ParseNonce(s string) (Nonce, error) {
	if !made(s, 22, 43, "-_") {
		return "", malformed("nonce: 22 to 43 letters, digits or - _")
	}
	return Nonce(s), nil
}

// NewNonce draws 16 random bytes.
func NewNonce() Nonce {
	var b [16]byte
	rand.Read(b[:])
	return Nonce(base64.RawURLEncoding.EncodeToString(b[:]))
}

func isKid(s string) bool     { return made(s, 1, 40, "._-") }
func isChannel(s string) bool { return made(s, 1, 64, "_-") } // a channel id or write key

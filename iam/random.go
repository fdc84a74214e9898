package iam

import (
	"crypto/rand"
	"encoding/base64"

	"halfkey/iam/vault"
)

// KeyAlphabet holds the 32 characters of keys, in the order of their values:
// digits and capitals that cannot be mistaken for one another, no I, L, O, U.
const KeyAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// RandomCode draws n characters of KeyAlphabet, 5 random bits each.
func RandomCode(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the program instead
	for i := range b {
		b[i] = KeyAlphabet[b[i]&31]
	}
	return string(b)
}

// RandomToken draws 32 bytes as base64url, 43 characters: for session cookies
// and for links that are themselves the permission.
func RandomToken() vault.Secret {
	var b [32]byte
	rand.Read(b[:])
	return vault.Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// tokenLength is that of RandomToken; nothing longer or shorter is looked up.
const tokenLength = 43

// ParseToken takes a token from a link or a cookie. False means that we cannot
// have made it, so nothing needs to be looked up.
func ParseToken(s string) (vault.Secret, bool) {
	if len(s) != tokenLength {
		return "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return vault.Secret(s), err == nil && len(b) == 32
}

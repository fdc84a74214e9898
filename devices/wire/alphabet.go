// Package wire is what a device sees: registration keys as they are typed,
// signed requests, the content of sealed answers and the words of refusals, as
// the half-key protocol, version 1, lays them down. It knows nothing of
// databases, HTTP or who owns a device.
package wire

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// Alphabet holds the 32 characters of keys and secrets, in the order of their
// values: Crockford's base32, without I, L, O and U.
const Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// A FormError says what is wrong with the form of something that was received,
// and where. It never repeats what was received, so a door may send it.
type FormError struct{ Detail string }

func (e *FormError) Error() string { return e.Detail }

func malformed(detail string) error { return &FormError{Detail: detail} }

// value is each character's place in the alphabet after normalisation: lower
// case counts as upper, O as 0, I and L as 1. What is not in it has -1.
var value = func() (v [256]int8) {
	for i := range v {
		v[i] = -1
	}
	for i, c := range []byte(Alphabet) {
		v[c] = int8(i)
		if c >= 'A' {
			v[c+'a'-'A'] = int8(i)
		}
	}
	v['O'], v['o'] = 0, 0
	v['I'], v['i'], v['L'], v['l'] = 1, 1, 1, 1
	return v
}()

// normalize gives the normal form of typed characters, or false when one is
// not of the alphabet.
func normalize(typed string) (string, bool) {
	normal := make([]byte, len(typed))
	for i := range len(typed) {
		v := value[typed[i]]
		if v < 0 {
			return "", false
		}
		normal[i] = Alphabet[v]
	}
	return string(normal), true
}

// joined drops what people put between groups of characters.
func joined(typed string) string {
	return strings.NewReplacer("-", "", " ", "").Replace(typed)
}

// checkCharacter guards a typed key: it finds every single wrong character and
// every swap of two that are less than 31 apart.
func checkCharacter(normal string) byte {
	c := 0
	for i := range len(normal) {
		c = (c ^ int(value[normal[i]])) << 1
		if c > 31 {
			c ^= 37
		}
	}
	return Alphabet[c]
}

// drawn gives n characters of the alphabet, 5 random bits each.
func drawn(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the program instead
	for i := range b {
		b[i] = Alphabet[b[i]&31]
	}
	return string(b)
}

// made reports whether s has between least and most characters, all letters,
// digits or one of the further ones.
func made(s string, least, most int, further string) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !alphanumeric(c) && strings.IndexByte(further, c) < 0 {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

var strict = base64.RawURLEncoding.Strict()

// decode64 reads base64url as JOSE wants it: no padding, unused bits zero, and
// no line break, which Go's decoder would skip.
func decode64(part []byte) ([]byte, bool) {
	for _, c := range part {
		if c == '\r' || c == '\n' {
			return nil, false
		}
	}
	plain := make([]byte, strict.DecodedLen(len(part)))
	n, err := strict.Decode(plain, part)
	return plain[:n], err == nil
}

package agents

import (
	"crypto/hmac"
	"encoding/json"
	"strings"
)

// same compares two keyed hashes; nothing is the same as no hash.
func same(mac, kept []byte) bool { return len(kept) > 0 && hmac.Equal(mac, kept) }

// longest is the longest token that is looked at, in bytes.
const longest = 8 << 10

// subject reads whom an initial token names, believing nothing: what is found
// under that name says whether the token is right. Empty if it names nobody.
func subject(raw string) ID {
	if len(raw) > longest {
		return ""
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := unpadded(parts[1])
	if err != nil {
		return ""
	}
	var c struct {
		Sub string `json:"sub"`
	}
	if json.Unmarshal(text, &c) != nil {
		return ""
	}
	id, err := ParseID(c.Sub)
	if err != nil {
		return ""
	}
	return id
}

package iam

import (
	"strings"

	"halfkey/iam/fault"
)

// Email is an address in the form in which it is stored and compared: trimmed
// and in lower case. ASCII only; a domain in another script comes as punycode.
type Email string

// ErrEmail says that an address cannot be one.
var ErrEmail = fault.New(fault.Unprocessable, "email-malformed", "Enter an e-mail address, such as homer@simps.net.")

// ParseEmail takes an address as typed. Length follows RFC 5321: 64 characters
// before the @, 254 in all. Quoted local parts and address literals are refused.
func ParseEmail(s string) (Email, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 || len(local) > 64 || !dotted(local, atom) || !dotted(domain, label) {
		return "", ErrEmail
	}
	return Email(s), nil
}

// dotted reports whether every part between dots passes.
func dotted(s string, passes func(string) bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !passes(part) {
			return false
		}
	}
	return true
}

func atom(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !alphanumeric(r) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~-", r)
	}) < 0
}

func label(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-' &&
		strings.IndexFunc(s, func(r rune) bool { return !alphanumeric(r) && r != '-' }) < 0
}

func alphanumeric(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

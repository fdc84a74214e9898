package iam

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"halfkey/iam/fault"
)

// ErrName says that a display name will not do.
var ErrName = fault.New(fault.Unprocessable, "name-malformed", "Use 1 to 80 printable characters.")

// ParseName takes a display name as typed: of a person, a place, a label. It
// is trimmed, inner runs of white space become one space, and it has 1 to 80
// printable characters. Marks that turn the direction of text are not
// printable, so no name can rearrange the sentence around it.
func ParseName(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", ErrName
	}
	s = strings.Join(strings.Fields(s), " ")
	if n := utf8.RuneCountInString(s); n < 1 || n > 80 || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return "", ErrName
	}
	return s, nil
}

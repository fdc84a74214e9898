// Package form reads what people type into the fields of a page: short texts,
// days and times. What it cannot read becomes a value that the service calls
// wrong in words of its own. It knows no page and no service.
package form

import (
	"strings"
	"unicode/utf8"
)

// wordsMost bounds a short text, in characters.
const wordsMost = 80

// Words is a short text that somebody typed: without what no database takes, and
// cut to 80 characters.
func Words(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), ""))
	if utf8.RuneCountInString(s) > wordsMost {
		s = string([]rune(s)[:wordsMost])
	}
	return s
}

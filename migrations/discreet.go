package migrations

import (
	"regexp"
	"strings"
	"unicode"
)

// errorMost is how much of an error is shown, in characters.
const errorMost = 300

// What may stand in an error without being anybody's business: the queries of
// URLs, names and passwords before a host, and our own tokens.
var (
	queries  = regexp.MustCompile(`(https?://[^\s"'?#]*)[?#][^\s"']*`)
	accounts = regexp.MustCompile(`([a-z][a-z0-9+.-]*://)[^\s/@"']*@`)
	tokens   = regexp.MustCompile(`\b(hk_|whsec_|Bearer |Basic )[A-Za-z0-9._~+/=-]+`)
)

// Discreet is an error's text as a page may show it: one short line, without what
// could be a key.
func Discreet(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) }), " ")
	text = tokens.ReplaceAllString(text, "${1}…")
	text = accounts.ReplaceAllString(text, "${1}…@")
	text = queries.ReplaceAllString(text, "${1}?…")
	if runes := []rune(text); len(runes) > errorMost {
		text = string(runes[:errorMost]) + "…"
	}
	return text
}

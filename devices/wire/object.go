package wire

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// members shows every member of the JSON object raw to visit, its value as it
// is written. A name that comes twice is refused: two readers of such a
// document can understand two different things. The caller limits raw's size.
func members(where string, raw []byte, visit func(name, value string) error) error {
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return malformed(where + ": not JSON")
	}
	doc := string(raw) // names and values are parts of it, not copies
	i := skipSpace(doc, 0)
	if doc[i] != '{' {
		return malformed(where + ": not a JSON object")
	}
	var room [8]string // most tokens need no more
	seen := room[:0]
	for i = skipSpace(doc, i+1); doc[i] != '}'; i = skipSpace(doc, i) {
		end := valueEnd(doc, i)
		name, _ := text(doc[i:end])
		for _, earlier := range seen {
			if earlier == name {
				return malformed(where + ": a member comes twice")
			}
		}
		seen = append(seen, name)

		start := skipSpace(doc, skipSpace(doc, end)+1) // past the colon
		i = valueEnd(doc, start)
		if err := visit(name, doc[start:i]); err != nil {
			return err
		}
		if i = skipSpace(doc, i); doc[i] == ',' {
			i++
		}
	}
	return nil
}

// skipSpace gives the place of the first character from i on that is no space.
func skipSpace(doc string, i int) int {
	for i < len(doc) && (doc[i] == ' ' || doc[i] == '\t' || doc[i] == '\n' || doc[i] == '\r') {
		i++
	}
	return i
}

// valueEnd gives the place after the value that begins at i. It relies on doc
// being valid JSON.
func valueEnd(doc string, i int) int {
	depth := 0
	for ; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			for i++; doc[i] != '"'; i++ {
				if doc[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// text reads a JSON string; anything else gives false.
func text(value string) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	var s string
	err := json.Unmarshal([]byte(value), &s)
	return s, err == nil
}

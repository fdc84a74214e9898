package rest

import (
	"encoding/base64"
	"strings"

	"halfkey/iam/fault"
)

// ErrCursor says that a cursor is none of this list's.
var ErrCursor = fault.New(fault.Malformed, "cursor-malformed", "That is not a cursor of this list. Begin again without one.")

// cursorMost is how long a cursor is at most, in characters.
const cursorMost = 300

// cursor is where the next page of a list begins: after what. Only the list that
// made it takes it back.
func cursor(list, after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "\n" + after))
}

// parseCursor reads what cursor wrote; "" is the first page. It fails with ErrCursor.
func parseCursor(list, s string) (after string, err error) {
	if s == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	made, after, ok := strings.Cut(string(raw), "\n")
	if err != nil || !ok || made != list || after == "" || len(s) > cursorMost {
		return "", ErrCursor
	}
	return after, nil
}

package channels

import (
	"encoding/json"
	"fmt"

	"halfkey/connectors"
)

// MaxFields is how many fields a channel can have.
const MaxFields = 8

// Fields are a channel's fields in order; the one at index 0 is field1. A field
// without a name is not in use.
type Fields [MaxFields]connectors.Field

func fieldsOf(list []connectors.Field) (f Fields) {
	copy(f[:], list)
	return f
}

func (f Fields) text() string {
	n := MaxFields
	for n > 0 && f[n-1] == (connectors.Field{}) {
		n--
	}
	b, _ := json.Marshal(f[:n]) // strings always marshal
	return string(b)
}

func parseFields(text string) (f Fields, err error) {
	var list []connectors.Field
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return f, fmt.Errorf("fields of a channel: %w", err)
	}
	return fieldsOf(list), nil
}

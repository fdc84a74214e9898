package token

import (
	"encoding/json"
	"slices"
)

// An Audience is whom a token is for: a string or an array of strings (RFC 7519, 4.1.3).
type Audience []string

// Has tells whether the token is for that one too.
func (a Audience) Has(one string) bool { return slices.Contains(a, one) }

// UnmarshalJSON takes both forms.
func (a *Audience) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*a = Audience{""}
		return json.Unmarshal(text, &(*a)[0])
	}
	return json.Unmarshal(text, (*[]string)(a))
}

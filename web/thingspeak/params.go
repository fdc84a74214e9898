package thingspeak

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Params are what a caller said in the query and in the body, whatever the
// method and the content type. Where a name comes twice the first counts, and
// the query comes before the body.
type Params []param

type param struct{ name, value string }

const maxParams = 256

var (
	errBody  = errors.New("the body cannot be read")
	errLarge = errors.New("the body is too large")
)

// readParams reads query and body. The body is JSON if it says so or begins with
// a brace, otherwise a form; it may have at most limit bytes.
func readParams(r *http.Request, limit int64) (Params, error) {
	p := parseForm(make(Params, 0, 8), r.URL.RawQuery)
	body, err := readBody(r, limit)
	if err != nil || len(body) == 0 {
		return p, err
	}
	if isJSON(r, body) {
		return parseJSON(p, body)
	}
	return parseForm(p, string(body)), nil
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, errLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if int64(len(body)) > limit {
		return nil, errLarge
	}
	if err != nil {
		return nil, errBody
	}
	return bytes.TrimSpace(body), nil
}

func isJSON(r *http.Request, body []byte) bool {
	return strings.Contains(r.Header.Get("Content-Type"), "json") && len(body) > 0 || bytes.HasPrefix(body, []byte("{"))
}

// parseForm takes name=value pairs with & between them. A pair without = is
// nothing; an escape that is none stands for itself; line ends after a value,
// which some devices count into the body, are not part of it.
func parseForm(p Params, s string) Params {
	for s != "" && len(p) < maxParams {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
			p = append(p, param{unescape(name), strings.TrimRight(unescape(value), "\r\n")})
		}
	}
	return p
}

// unescape decodes %XX and +, and leaves only text that every database takes.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return clean(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			b = append(b, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return clean(string(b))
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// parseJSON takes the members of an object: texts, numbers as they are written,
// true and false; of a list its parts with commas between. null is not given.
func parseJSON(p Params, body []byte) (Params, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return p, errBody
	}
	for name, raw := range object {
		if value, ok := plain(raw); ok && len(p) < maxParams {
			p = append(p, param{clean(name), strings.TrimRight(value, "\r\n")})
		}
	}
	return p, nil
}

func plain(raw json.RawMessage) (string, bool) {
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return clean(s), err == nil
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return "", false
		}
		var parts []string
		for _, r := range list {
			if s, ok := plain(r); ok {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, ","), true
	case '{', 'n':
		return "", false
	}
	return string(raw), true
}

// Get is the value of the first of these names that was given.
func (p Params) Get(names ...string) (string, bool) {
	for _, name := range names {
		for i := range p {
			if p[i].name == name {
				return p[i].value, true
			}
		}
	}
	return "", false
}

// Text is Get for a name whose absence is the same as nothing.
func (p Params) Text(name string) string {
	v, _ := p.Get(name)
	return v
}

// Maybe is Get as a pointer, nil when nothing was given.
func (p Params) Maybe(names ...string) *string {
	if v, ok := p.Get(names...); ok {
		return &v
	}
	return nil
}

// True tells whether a flag is on.
func (p Params) True(name string) bool { return isTrue(p.Text(name)) }

func isTrue(s string) bool { return strings.EqualFold(s, "true") || s == "1" }

// apiKey is the key that came with the request: of a header whose name says so,
// else of a parameter.
func apiKey(r *http.Request, p Params) string {
	for _, name := range [...]string{"X-Thingspeakapikey", "Thingspeakapikey"} {
		if v := r.Header[name]; len(v) > 0 {
			return strings.TrimSpace(v[0])
		}
	}
	if v, ok := p.Get("api_key", "key", "apikey"); ok {
		return strings.TrimSpace(v)
	}
	for name, v := range r.Header {
		if len(v) > 0 && strings.Contains(strings.ToUpper(name), "THINGSPEAKAPIKEY") {
			return strings.TrimSpace(v[0])
		}
	}
	return ""
}

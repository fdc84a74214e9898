package thingspeak

import (
	"net/http"
	"strconv"
)

// The names of content types that we answer with.
const (
	plainText = "text/plain; charset=utf-8"
	jsonText  = "application/json; charset=utf-8"
	htmlText  = "text/html; charset=utf-8"
)

// Header values that do not change are made once.
var (
	anyOrigin   = []string{"*"}
	anyMethod   = []string{"GET, POST, PUT, OPTIONS, DELETE, PATCH"}
	someHeaders = []string{"origin, content-type, X-Requested-With"}
	halfAnHour  = []string{"1800"}
	nosniff     = []string{"nosniff"}
	noStore     = []string{"no-store"}
	noReferrer  = []string{"no-referrer"}
	types       = map[string][]string{plainText: {plainText}, jsonText: {jsonText}, htmlText: {htmlText}}
	statusOK    = []string{"200 OK"}
)

// answer writes the whole body at once, with its length, since devices search
// for the header `Content-Length` and cannot read chunks. A header `Status` is
// what one family of sketches looks at.
func answer(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h["Content-Type"] = types[contentType]
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	if status == http.StatusOK {
		h["Status"] = statusOK
	} else {
		h["Status"] = []string{strconv.Itoa(status) + " " + http.StatusText(status)}
	}
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Access-Control-Allow-Methods"] = anyMethod
	h["Access-Control-Allow-Headers"] = someHeaders
	h["Access-Control-Max-Age"] = halfAnHour
	h["X-Content-Type-Options"] = nosniff
	h["Cache-Control"] = noStore
	w.WriteHeader(status)
	_, _ = w.Write(body) // the device may be gone; what it asked for is done
}

func say(w http.ResponseWriter, status int, text string) {
	answer(w, status, plainText, []byte(text))
}

const digits = "0123456789abcdef"

// appendJSON writes a text as JSON. Nothing but what must be is escaped: the
// devices' reader decodes no escapes.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// appendMember writes `,"name":"value"`, or null.
func appendMember(b []byte, name string, value *string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	if value == nil {
		return append(b, "null"...)
	}
	return appendJSON(b, *value)
}

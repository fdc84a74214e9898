package thingspeak

import (
	"net/http"
	"strconv"
)

// The names of content types that we answer with.
const (
	plainText  = "text/plain; charset=utf-8"
	jsonText   = "application/json; charset=utf-8"
	xmlText    = "application/xml; charset=utf-8"
	csvText    = "text/csv; charset=utf-8"
	htmlText   = "text/html; charset=utf-8"
	scriptText = "text/javascript; charset=utf-8"
	styleText  = "text/css; charset=utf-8"
	linesText  = "application/x-ndjson; charset=utf-8"
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
	statusOK    = []string{"200 OK"}
	types       = map[string][]string{}
)

func init() {
	for _, t := range []string{plainText, jsonText, xmlText, csvText, htmlText, scriptText, styleText, linesText} {
		types[t] = []string{t}
	}
}

// answer writes the whole body at once, with its length, since devices search
// for the header `Content-Length` and cannot read chunks.
func answer(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	head(w, status, contentType)
	_, _ = w.Write(body) // the device may be gone; what it asked for is done
}

// head writes what stands before every body. A header `Status` is what one
// family of sketches looks at.
func head(w http.ResponseWriter, status int, contentType string) {
	h := w.Header()
	h["Content-Type"] = types[contentType]
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
}

func say(w http.ResponseWriter, status int, text string) {
	answer(w, status, plainText, []byte(text))
}

// one answers a single object; name is what it is called in XML. What asks for
// no ending gets unasked as its content type and JSON as its text.
func (c *call) one(status int, name string, o object, unasked string) {
	switch c.format {
	case asXML:
		answer(c.w, status, xmlText, asElement(name, o))
	case asCSV:
		answer(c.w, status, csvText, asTable(o, []object{o}))
	default:
		c.json(status, appendValue(nil, o), unasked)
	}
}

// rows answers a channel's head and rows; CSV has the rows alone, under the
// names that an empty row would have.
func (c *call) rows(head object, rows []object, empty object) {
	feeds := list{"feed", rows}
	switch c.format {
	case asXML:
		answer(c.w, http.StatusOK, xmlText, asElement("channel", append(head, member{"feeds", feeds})))
	case asCSV:
		answer(c.w, http.StatusOK, csvText, asTable(empty, rows))
	default:
		b := make([]byte, 0, 512+96*len(rows))
		c.json(http.StatusOK, appendValue(b, object{{"channel", head}, {"feeds", feeds}}), jsonText)
	}
}

// json answers JSON, or a call of the function that the caller named. The endings
// .txt and .html get text, never a page made of other people's values.
func (c *call) json(status int, body []byte, unasked string) {
	if f := callback(c.params); f != "" && c.format != asText && c.format != asHTML {
		answer(c.w, status, scriptText, append(append(append([]byte(f), '('), body...), ")"...))
		return
	}
	answer(c.w, status, contentType(c.format, unasked), body)
}

func contentType(f format, unasked string) string {
	switch f {
	case asJSON:
		return jsonText
	case asAsked:
		return unasked
	}
	return plainText
}

package thingspeak

import "strings"

// format is how an answer is wanted, from the ending of the path.
type format string

const (
	asAsked format = "" // no ending
	asJSON  format = "json"
	asText  format = "txt"
	asHTML  format = "html"
	asXML   format = "xml"
	asCSV   format = "csv"
	asLines format = "ndjson"
)

// splitPath takes a path apart, at most five parts deep, and the ending off its
// last part. This happens here only; whoever routes sees no ending.
func splitPath(path string) (parts []string, f format) {
	path = strings.Trim(path, "/")
	if at := strings.LastIndexByte(path, '.'); at > 0 && strings.IndexByte(path[at:], '/') < 0 {
		switch ending := format(path[at+1:]); ending {
		case asJSON, asText, asHTML, asXML, asCSV, asLines:
			path, f = path[:at], ending
		case "text":
			path, f = path[:at], asText
		}
	}
	return strings.SplitN(path, "/", 6), f
}

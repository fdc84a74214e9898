package ui

import (
	"fmt"
	"io"
	"strings"
)

// A page has at most one event stream, Page.Stream, opened by htmx's sse
// extension. What it carries (text/event-stream):
//
//	event: <id of an element>     the element with that id is morphed into
//	data: <its new HTML>          the fragment, whose root carries the same id
//
//	event: chart                  new points for a chart (ChartPoints)
//	data: {"id":"temperature","points":[[1700000000,20.1,20.4,20.9]]}
//
//	event: go                     the page moves on, e.g. to the arrived device
//	data: /devices/...            path on this host
//
// An event for an element that is not on the page is ignored. Lines that start
// with ":" keep the line open.

// WriteEvent writes one event; the caller flushes. HTML may have several lines.
func WriteEvent(w io.Writer, event, data string) error {
	_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, strings.ReplaceAll(strings.ReplaceAll(data, "\r", ""), "\n", "\ndata: "))
	return err
}

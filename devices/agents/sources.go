package agents

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"halfkey/iam/fault"
)

// Sources is a data source configuration: what an agent says that it will send.
// The JSON is the wire's and the table's alike.
type Sources struct {
	ID      ID       `json:"id"`
	ETag    string   `json:"eTag"` // decimal; "0" until there is one
	Config  string   `json:"configurationId"`
	Sources []Source `json:"dataSources"`
}

// A Source is a machine or a sensor, with its points.
type Source struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	CustomData  map[string]string `json:"customData,omitempty"`
	Points      []Point           `json:"dataPoints"`
}

// A Point is one value that is measured.
type Point struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Unit        string            `json:"unit"` // the C client fails without the word, so that it may be empty and never absent
	Description string            `json:"description,omitempty"`
	CustomData  map[string]string `json:"customData,omitempty"`
}

// ErrSources is a data source configuration that cannot be kept.
var ErrSources = fault.New(fault.Malformed, "agent-sources", "The data source configuration cannot be kept.")

// What a configuration may hold.
const (
	SourcesMost = 250
	PointsMost  = 1000 // of all sources together
	textMost    = 255  // bytes of a name, an id, a unit
	customMost  = 5    // pairs of custom data
)

// Types are those of points, the numbers first.
var Types = []string{"DOUBLE", "INT", "LONG", "BOOLEAN", "STRING", "BIG_STRING", "TIMESTAMP"}

// types are those of points; what is numeric is drawn as a number.
var types = map[string]bool{"INT": true, "LONG": true, "DOUBLE": true, "BOOLEAN": true, "STRING": false, "BIG_STRING": false, "TIMESTAMP": false}

// check says what is wrong and where; field names are the wire's.
func (c *Sources) check() error {
	if !storable(c.Config, 1, textMost) {
		return ErrSources.At("configurationId", "has 1 to 255 bytes")
	}
	if len(c.Sources) > SourcesMost {
		return ErrSources.At("dataSources", "are more than "+strconv.Itoa(SourcesMost))
	}
	seen, n := map[string]bool{}, 0
	for i := range c.Sources {
		at := "dataSources[" + strconv.Itoa(i) + "]"
		if err := c.Sources[i].check(at); err != nil {
			return err
		}
		for j, p := range c.Sources[i].Points {
			at := at + ".dataPoints[" + strconv.Itoa(j) + "]"
			if err := p.check(at); err != nil {
				return err
			}
			if seen[p.ID] {
				return ErrSources.At(at+".id", "is there twice")
			}
			seen[p.ID] = true
			n++
		}
	}
	if n > PointsMost {
		return ErrSources.At("dataPoints", "are more than "+strconv.Itoa(PointsMost))
	}
	return nil
}

func (s *Source) check(at string) error {
	if s.Points == nil {
		s.Points = []Point{}
	}
	switch {
	case !storable(s.Name, 1, textMost):
		return ErrSources.At(at+".name", "has 1 to 255 bytes")
	case !storable(s.Description, 0, 4*textMost):
		return ErrSources.At(at+".description", "has at most 1020 bytes")
	}
	return checkCustom(at, s.CustomData)
}

func (p Point) check(at string) error {
	_, known := types[p.Type]
	switch {
	case !storable(p.ID, 1, textMost):
		return ErrSources.At(at+".id", "has 1 to 255 bytes")
	case !storable(p.Name, 1, textMost):
		return ErrSources.At(at+".name", "has 1 to 255 bytes")
	case !storable(p.Unit, 0, textMost):
		return ErrSources.At(at+".unit", "has at most 255 bytes")
	case !storable(p.Description, 0, 4*textMost):
		return ErrSources.At(at+".description", "has at most 1020 bytes")
	case !known:
		return ErrSources.At(at+".type", "is INT, LONG, DOUBLE, BOOLEAN, STRING, BIG_STRING or TIMESTAMP")
	}
	return checkCustom(at, p.CustomData)
}

func checkCustom(at string, pairs map[string]string) error {
	if len(pairs) > customMost {
		return ErrSources.At(at+".customData", "has at most 5 pairs")
	}
	for k, v := range pairs {
		if !storable(k, 1, textMost) || !storable(v, 0, textMost) {
			return ErrSources.At(at+".customData", "has keys and values of at most 255 bytes")
		}
	}
	return nil
}

// storable keeps out what a database does not take as text.
func storable(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

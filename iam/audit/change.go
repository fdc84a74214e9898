package audit

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Members of a line's detail that every reader understands.
const (
	memberBefore   = "before"
	memberAfter    = "after"
	memberOnBehalf = "on_behalf"
)

// Change is the detail of a deed that changed something: what was, and what is
// now, by field. What stayed the same is left out. A secret stands in neither;
// Fingerprint does. Other members are added to what it gives.
func Change(before, after Detail) Detail {
	b, a := Detail{}, Detail{}
	for k, v := range before {
		if w, there := after[k]; !there || !reflect.DeepEqual(v, w) {
			b[k] = v
		}
	}
	for k, v := range after {
		if w, there := before[k]; !there || !reflect.DeepEqual(v, w) {
			a[k] = v
		}
	}
	return Detail{memberBefore: b, memberAfter: a}
}

// With is the detail with one more member.
func (d Detail) With(name string, value any) Detail {
	all := maps.Clone(d)
	if all == nil {
		all = Detail{}
	}
	all[name] = value
	return all
}

// Fingerprint names a secret by its keyed hash, so that two lines about the
// same one can be matched and nobody can guess it from them.
func Fingerprint(mac []byte) string { return hex.EncodeToString(mac[:min(len(mac), 6)]) }

// A Delta is one field that a deed changed.
type Delta struct{ Field, Before, After string }

// Delta lists what the deed changed, by field. A line of a rename or a move
// says from and to instead.
func (e Entry) Delta() (all []Delta) {
	d := e.Details()
	before, after := members(d[memberBefore]), members(d[memberAfter])
	if before == nil && after == nil {
		from, moved := d["from"]
		to, known := d["to"]
		if !moved || !known {
			return nil
		}
		return []Delta{{Before: plain(from), After: plain(to)}}
	}
	fields := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(fields)
	for _, f := range slices.Compact(fields) {
		all = append(all, Delta{f, plain(before[f]), plain(after[f])})
	}
	return all
}

// More lists the rest of the detail, by name.
func (e Entry) More() (all []Delta) {
	d := e.Details()
	if len(e.Delta()) > 0 && d[memberBefore] == nil && d[memberAfter] == nil {
		delete(d, "from")
		delete(d, "to")
	}
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if name != memberBefore && name != memberAfter && name != memberOnBehalf {
			all = append(all, Delta{Field: name, After: plain(d[name])})
		}
	}
	return all
}

// Actor is who did it, without for whom.
func (e Entry) Actor() string {
	if whom := e.OnBehalf(); whom != "" {
		return strings.TrimSuffix(e.ActorName, " for "+whom)
	}
	return e.ActorName
}

// OnBehalf is for whom it was done; empty for oneself.
func (e Entry) OnBehalf() string {
	whom, _ := e.Details()[memberOnBehalf].(string)
	return whom
}

func members(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// plain is a value as a reader wants it: a text without quotes.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%f", v), ".000000")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// onBehalf adds to a detail for whom the deed was done.
func onBehalf(detail, whom string) string {
	if whom == "" {
		return detail
	}
	var d Detail
	if detail != "" && json.Unmarshal([]byte(detail), &d) != nil {
		return detail
	}
	return d.With(memberOnBehalf, whom).text()
}

package orgs

import (
	"strings"

	"halfkey/policies"
)

// Line is a sentence of a preview: the id of its words, and what is filled in.
type Line struct {
	ID   string
	Data map[string]any
}

// Lines tells the preview in sentences, so that a page, an answer of the API and
// the command line say the same.
func (p Preview) Lines() (lines []Line) {
	say := func(id string, data map[string]any) { lines = append(lines, Line{"preview." + id, data}) }
	for _, c := range p.Changes {
		say(c.sentence(), map[string]any{"Name": c.Person, "Count": c.Count, "Devices": names(c.Devices, c.Count), "Places": names(c.Places, len(c.Places))})
	}
	if p.Lose > 0 {
		say("others.lose", map[string]any{"Count": p.Lose})
	}
	if p.Gain > 0 {
		say("others.gain", map[string]any{"Count": p.Gain})
	}
	if p.More > 0 {
		say("more", map[string]any{"Count": p.More})
	}
	for _, k := range p.Keys {
		id := "key." + string(k.Kind) + "." + string(k.What)
		if k.Broken {
			id += ".broken"
		} else if k.Person == "" && k.Kind != SharedReadKey && k.Kind != WriteKey {
			id += ".somebody"
		}
		say(id, map[string]any{"Name": k.Person, "Label": k.Label, "Device": k.Name})
	}
	if p.Hidden > 0 {
		say("others.keys", map[string]any{"Count": p.Hidden})
	}
	for _, c := range p.Cuts {
		if c.Sessions > 0 {
			say("cut.sessions", map[string]any{"Name": c.Person, "Count": c.Sessions})
		}
		if c.Tokens > 0 {
			say("cut.tokens", map[string]any{"Name": c.Person, "Count": c.Tokens})
		}
	}
	if p.Partly {
		say("partly", nil)
	}
	if len(lines) == 0 {
		say("nothing", nil)
	}
	return lines
}

func (c Change) sentence() string {
	verb := "lose."
	if c.Gains {
		verb = "gain."
	}
	switch {
	case c.What == policies.ManageOrg:
		return verb + "running"
	case c.Count == 0:
		return verb + "place"
	case c.What == policies.ReadDevice:
		return verb + "values"
	}
	return verb + "names"
}

func names(some []Named, all int) string {
	list := make([]string, len(some))
	for i, n := range some {
		list[i] = n.Name
	}
	text := strings.Join(list, ", ")
	if all > len(some) {
		text += ", …"
	}
	return text
}

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
	say := func(id string, data map[string]any) { lines = append(lines, Line{id, data}) }
	for _, c := range p.Changes {
		say(c.sentence(), map[string]any{"Name": c.Person, "Count": c.Count, "Devices": names(c.Devices, c.Count), "Places": names(c.Places, len(c.Places))})
	}
	if p.Lose > 0 {
		say("preview.others.lose", map[string]any{"Count": p.Lose})
	}
	if p.Gain > 0 {
		say("preview.others.gain", map[string]any{"Count": p.Gain})
	}
	if p.Outside.Lose {
		say("preview.outside.lose", nil)
	}
	if p.Outside.Gain {
		say("preview.outside.gain", nil)
	}
	if p.More > 0 {
		say("preview.more", map[string]any{"Count": p.More})
	}
	for _, k := range p.Keys {
		say(k.sentence(), map[string]any{"Name": k.Person, "Label": k.Label, "Device": k.Name})
	}
	if p.Hidden > 0 {
		say("preview.others.keys", map[string]any{"Count": p.Hidden})
	}
	for _, c := range p.Cuts {
		if c.Sessions > 0 {
			say("preview.cut.sessions", map[string]any{"Name": c.Person, "Count": c.Sessions})
		}
		if c.Tokens > 0 {
			say("preview.cut.tokens", map[string]any{"Name": c.Person, "Count": c.Tokens})
		}
	}
	if p.Partly {
		say("preview.partly", nil)
	}
	if len(lines) == 0 {
		say("preview.nothing", nil)
	}
	return lines
}

// changeLines are the sentences for losing and for gaining.
var changeLines = map[string][2]string{
	"running": {"preview.lose.running", "preview.gain.running"},
	"place":   {"preview.lose.place", "preview.gain.place"},
	"values":  {"preview.lose.values", "preview.gain.values"},
	"names":   {"preview.lose.names", "preview.gain.names"},
}

func (c Change) sentence() string {
	what := "names"
	switch {
	case c.What == policies.ManageOrg:
		what = "running"
	case c.Count == 0:
		what = "place"
	case c.What == policies.ReadDevice:
		what = "values"
	}
	if c.Gains {
		return changeLines[what][1]
	}
	return changeLines[what][0]
}

// keyLine is what the sentence about a key goes by.
type keyLine struct {
	kind KeyKind
	what KeyFate
}

// The sentences about keys: where its holder is named or the key is nobody's own,
// where somebody holds it who is not named, and where it was seen through break-glass.
var (
	keyLines = map[keyLine]string{
		{OwnReadKey, Ends}:         "preview.key.read-key.ends",
		{SharedReadKey, Rotates}:   "preview.key.shared-read-key.rotates",
		{SharedReadKey, Exposed}:   "preview.key.shared-read-key.exposed",
		{RegistrationKey, Rotates}: "preview.key.registration-key.rotates",
		{RegistrationKey, Exposed}: "preview.key.registration-key.exposed",
		{AccountKey, Ends}:         "preview.key.account-key.ends",
		{AccountKey, Exposed}:      "preview.key.account-key.exposed",
		{WriteKey, Ends}:           "preview.key.write-key.ends",
	}
	somebodysLines = map[keyLine]string{
		{OwnReadKey, Ends}:         "preview.key.read-key.ends.somebody",
		{RegistrationKey, Rotates}: "preview.key.registration-key.rotates.somebody",
		{RegistrationKey, Exposed}: "preview.key.registration-key.exposed.somebody",
		{AccountKey, Ends}:         "preview.key.account-key.ends.somebody",
		{AccountKey, Exposed}:      "preview.key.account-key.exposed.somebody",
	}
	brokenLines = map[keyLine]string{
		{OwnReadKey, Ends}:         "preview.key.read-key.ends.broken",
		{SharedReadKey, Rotates}:   "preview.key.shared-read-key.rotates.broken",
		{RegistrationKey, Rotates}: "preview.key.registration-key.rotates.broken",
		{WriteKey, Rotates}:        "preview.key.write-key.rotates.broken",
		{WriteKey, Exposed}:        "preview.key.write-key.exposed.broken",
	}
)

func (k KeyChange) sentence() string {
	line := keyLine{k.Kind, k.What}
	if k.Broken {
		return brokenLines[line]
	}
	if k.Person == "" && somebodysLines[line] != "" {
		return somebodysLines[line]
	}
	return keyLines[line]
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

package portal

import (
	"halfkey/iam/audit"
	"halfkey/web/ui"
)

// entry is a line with every field, and links to more of the same.
type entry struct {
	audit.Entry
	Told                      News
	ByActor, ByObject, ByVerb string
}

func (p *Portal) entries(lines []audit.Entry, told []News, q activityQuery, org string) []entry {
	all := make([]entry, len(lines))
	for i, e := range lines {
		all[i] = entry{Entry: e, Told: told[i], ByVerb: q.only("verb", e.Verb, org)}
		if e.ActorID != "" {
			all[i].ByActor = q.only("actor", e.ActorID, org)
		}
		if e.ObjectID != "" {
			all[i].ByObject = q.only("object", e.ObjectID, org)
		}
	}
	return all
}

// activityPage is what happened, newest first: as sentences, or with every field.
type activityPage struct {
	Query    activityQuery
	Own      bool // the viewer's own deeds alone
	Lines    []News
	Entries  []entry // in the full view
	Views    []ui.Tab
	Verbs    []ui.Option
	Doors    []ui.Option
	Outcomes []ui.Option
	Hidden   []ui.Crumb
	Wrong    map[string]string // by field of the filter
	Short    bool              // the search stopped before it found a page full
	Next     string
	First    string
	Clear    string

	OrgID     string
	Check     *audit.Check // what the last look at the chain found; nil: nobody has looked
	CanCheck  bool
	CanExport bool
	Exports   []audit.Export
}

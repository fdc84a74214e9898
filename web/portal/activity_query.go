package portal

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"halfkey/iam/audit"
	"halfkey/web/form"
)

// activityQuery is what the address of the trail's page says.
type activityQuery struct {
	path     string // of the page: /activity, or /audit
	text     string // in the sentences
	verb     string
	actor    string // an id, or an e-mail address
	object   string
	door     string
	outcome  string
	from, to time.Time // days, the last one included
	full     bool      // every field, not sentences alone
	before   int64
}

// doors are those that write lines; outcomes what may have become of a deed.
var (
	doors     = []string{"portal", "api", "cli", "proved", "simple", "scim", "agent", "thingspeak"}
	outcomes  = []string{audit.OK, audit.Refused, audit.Failed}
	verbShape = regexp.MustCompile(`^[a-z0-9-]{1,30}(\.[a-z0-9-]{1,30}){1,2}$`)
)

// parseActivityQuery reads an address strictly: what it does not understand is a
// fault with a sentence for each field, and the query holds the rest.
func parseActivityQuery(path string, q url.Values) (activityQuery, error) {
	a := activityQuery{path: path, text: strings.ToLower(form.Words(q.Get("q"))), full: path == "/audit"}
	err := audit.ErrFilter
	wrong := func(field, what string) { err = err.At(field, what) }
	if a.verb = q.Get("verb"); a.verb != "" && !verbShape.MatchString(a.verb) {
		a.verb = ""
		wrong("verb", "A deed is written like device.move.")
	}
	a.actor, a.object = form.Words(q.Get("actor")), form.Words(q.Get("object"))
	if a.door = q.Get("door"); a.door != "" && !slices.Contains(doors, a.door) {
		a.door = ""
		wrong("door", "There is no such door.")
	}
	if a.outcome = q.Get("outcome"); a.outcome != "" && !slices.Contains(outcomes, a.outcome) {
		a.outcome = ""
		wrong("outcome", "An outcome is ok, refused or failed.")
	}
	for field, day := range map[string]*time.Time{"from": &a.from, "to": &a.to} {
		if s := q.Get(field); s != "" {
			t, bad := parseDay(s)
			if bad != nil {
				wrong(field, "A day is written like 2026-11-03.")
			}
			*day = t
		}
	}
	if !a.from.IsZero() && !a.to.IsZero() && a.to.Before(a.from) {
		wrong("to", "The last day is before the first.")
	}
	switch q.Get("view") {
	case "full":
		a.full = true
	case "simple":
		a.full = false
	}
	if s := q.Get("before"); s != "" {
		n, bad := strconv.ParseInt(s, 10, 64)
		if bad != nil || n < 1 {
			wrong("before", "A page begins at a line's number.")
		}
		a.before = max(n, 0)
	}
	if len(err.Fields) > 0 {
		return a, err
	}
	return a, nil
}

// parseDay takes a day of the years in which there is a trail, in UTC, as the
// trail has its times.
func parseDay(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return time.Time{}, audit.ErrFilter
	}
	return t, nil
}

// values are the address's parameters, without the page.
func (a activityQuery) values(org string) url.Values {
	q := url.Values{}
	for k, v := range map[string]string{"org": org, "q": a.text, "verb": a.verb, "actor": a.actor, "object": a.object, "door": a.door,
		"outcome": a.outcome, "from": a.day(a.from), "to": a.day(a.to)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if a.full != (a.path == "/audit") {
		q.Set("view", viewWord(a.full))
	}
	return q
}

func viewWord(full bool) string {
	if full {
		return "full"
	}
	return "simple"
}

func (a activityQuery) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (a activityQuery) link(org string, before int64) string {
	q := a.values(org)
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	if len(q) == 0 {
		return a.path
	}
	return a.path + "?" + q.Encode()
}

// filtered tells whether anything but the place is asked for.
func (a activityQuery) filtered() bool {
	return a.text+a.verb+a.actor+a.object+a.door+a.outcome != "" || !a.from.IsZero() || !a.to.IsZero()
}

// only is the same page with one field more in its filter.
func (a activityQuery) only(field, value, org string) string {
	switch field {
	case "actor":
		a.actor = value
	case "object":
		a.object = value
	case "verb":
		a.verb = value
	}
	return a.link(org, 0)
}

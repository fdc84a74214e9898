package portal

import (
	"context"
	"strconv"
	"time"

	"halfkey/iam/audit"
	"halfkey/web/ui"
)

// verbOptions are the verbs to choose from, by what they are called; one that is
// asked for and not among them stands under its own name.
func verbOptions(ctx context.Context, asked string) []ui.Option {
	all := []ui.Option{{Label: ui.T(ctx, "portal.activity.all")}}
	for _, o := range []struct{ verb, id string }{
		{"device.board", "activity.verb.board"}, {"device.ask", "activity.verb.ask"}, {"device.register", "activity.verb.refused"},
		{"device.rename", "activity.verb.rename"}, {"device.move", "activity.verb.move"}, {"device.suspend", "activity.verb.pause"},
		{"device.retire", "activity.verb.offboard"}, {"read-key.reveal", "activity.verb.readkey"}, {"key.reveal", "activity.verb.key"},
		{"person.invite", "activity.verb.invite"}, {"invitation.accept", "activity.verb.accept"}, {"role.end", "activity.verb.role"},
		{"session.open", "activity.verb.signin"}, {"audit.export", "activity.verb.export"},
	} {
		all = append(all, ui.Option{Value: o.verb, Label: ui.T(ctx, o.id)})
		if o.verb == asked {
			asked = ""
		}
	}
	if asked != "" {
		all = append(all, ui.Option{Value: asked, Label: asked})
	}
	return all
}

func doorOptions(ctx context.Context) []ui.Option {
	all := []ui.Option{{Label: ui.T(ctx, "audit.door.any")}}
	for _, d := range doors {
		all = append(all, ui.Option{Value: d, Label: throughWord(ctx, d)})
	}
	return all
}

// throughWord is where a deed came in.
func throughWord(ctx context.Context, door string) string {
	switch door {
	case "":
		return ui.T(ctx, "audit.door.none")
	case "portal":
		return ui.T(ctx, "audit.door.portal")
	case "api":
		return ui.T(ctx, "audit.door.api")
	case "cli":
		return ui.T(ctx, "audit.door.cli")
	case "proved":
		return ui.T(ctx, "audit.door.proved")
	case "simple":
		return ui.T(ctx, "audit.door.simple")
	case "scim":
		return ui.T(ctx, "audit.door.scim")
	case "agent":
		return ui.T(ctx, "audit.door.agent")
	case "thingspeak":
		return ui.T(ctx, "audit.door.thingspeak")
	}
	return door
}

func outcomeOptions(ctx context.Context) []ui.Option {
	all := []ui.Option{{Label: ui.T(ctx, "audit.outcome.any")}}
	for _, o := range outcomes {
		all = append(all, ui.Option{Value: o, Label: outcomeWord(ctx, o)})
	}
	return all
}

func outcomeWord(ctx context.Context, outcome string) string {
	switch outcome {
	case audit.Refused:
		return ui.T(ctx, "audit.outcome.refused")
	case audit.Failed:
		return ui.T(ctx, "audit.outcome.failed")
	}
	return ui.T(ctx, "audit.outcome.ok")
}

// fieldWord is what a field of a change is called; a name and a place have none
// in the line itself.
func fieldWord(ctx context.Context, field string) string {
	switch field {
	case "":
		return ui.T(ctx, "audit.field.changed")
	case "name":
		return ui.T(ctx, "portal.col.name")
	case "role":
		return ui.T(ctx, "audit.field.role")
	case "until":
		return ui.T(ctx, "audit.field.until")
	case "org", "place":
		return ui.T(ctx, "audit.field.place")
	case "reason":
		return ui.T(ctx, "audit.field.reason")
	case "state":
		return ui.T(ctx, "audit.field.state")
	}
	return field
}

// viewsOf are the simple and the full view of the same lines.
func (p *Portal) viewsOf(ctx context.Context, q activityQuery, org string) []ui.Tab {
	simple, full := q, q
	simple.full, full.full = false, true
	return []ui.Tab{
		{ID: "simple", Label: ui.T(ctx, "audit.view.simple"), Href: simple.link(org, q.before)},
		{ID: "full", Label: ui.T(ctx, "audit.view.full"), Href: full.link(org, q.before)},
	}
}

// heading says whose deeds are shown.
func (v activityPage) heading(ctx context.Context) ui.Heading {
	switch {
	case v.Query.path == "/audit":
		return ui.Heading{Title: ui.T(ctx, "audit.title"), Text: ui.T(ctx, "audit.text")}
	case v.Own:
		return ui.Heading{Title: ui.T(ctx, "portal.activity"), Text: ui.T(ctx, "audit.own")}
	}
	return ui.Heading{Title: ui.T(ctx, "portal.activity"), Text: ui.T(ctx, "portal.activity.text")}
}

// deep tells whether a filter is set that lies behind the fold.
func (a activityQuery) deep() bool {
	return a.actor+a.object+a.door+a.outcome != "" || !a.from.IsZero() || !a.to.IsZero()
}

// brokenText names the lines that nobody can trust any more.
func brokenText(ctx context.Context, c audit.Check) string {
	if c.BadSeq == 0 {
		return ui.T(ctx, "audit.broken.seal", "What", c.What)
	}
	return ui.T(ctx, "audit.broken.range", "From", strconv.FormatInt(c.BadSeq, 10), "To", strconv.FormatInt(max(c.LastSeq, c.BadSeq), 10), "What", c.What)
}

// deltaWord is a value of a change as a person reads it: a time not in microseconds.
func deltaWord(ctx context.Context, field, value string) string {
	us, err := strconv.ParseInt(value, 10, 64)
	if err != nil || field != "until" && field != "from" {
		return value
	}
	return ui.Moment(ctx, time.UnixMicro(us))
}

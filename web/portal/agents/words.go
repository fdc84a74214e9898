package agents

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/policies"
	"halfkey/web/ui"
)

// stageWord says where an agent stands, and with which colour.
func stageWord(ctx context.Context, s agents.Stage) (word, kind string) {
	switch s {
	case agents.Waiting:
		return ui.T(ctx, "agents.stage.waiting"), ""
	case agents.Late:
		return ui.T(ctx, "agents.stage.late"), "bad"
	case agents.Aboard:
		return ui.T(ctx, "agents.stage.aboard"), "good"
	case agents.Lapsed:
		return ui.T(ctx, "agents.stage.lapsed"), "bad"
	}
	return ui.T(ctx, "agents.stage.paused"), ""
}

func stageOptions(ctx context.Context) []ui.Option {
	all := []ui.Option{{Value: "", Label: ui.T(ctx, "agents.stage.any")}}
	for _, s := range agents.Stages {
		word, _ := stageWord(ctx, s)
		all = append(all, ui.Option{Value: string(s), Label: word})
	}
	return all
}

// stepWord names one of the seven steps, awaited or done.
func stepWord(ctx context.Context, i int, done bool) string {
	switch i {
	case 0:
		return ui.T(ctx, "agents.tick.created")
	case 1:
		if done {
			return ui.T(ctx, "agents.tick.downloaded")
		}
		return ui.T(ctx, "agents.tick.download")
	case 2:
		if done {
			return ui.T(ctx, "agents.tick.handed")
		}
		return ui.T(ctx, "agents.tick.hand")
	case 3:
		if done {
			return ui.T(ctx, "agents.tick.registered")
		}
		return ui.T(ctx, "agents.tick.register")
	case 4:
		if done {
			return ui.T(ctx, "agents.tick.credentials.done")
		}
		return ui.T(ctx, "agents.tick.credentials")
	case 5:
		if done {
			return ui.T(ctx, "agents.tick.token.done")
		}
		return ui.T(ctx, "agents.tick.token")
	}
	if done {
		return ui.T(ctx, "agents.tick.data.done")
	}
	return ui.T(ctx, "agents.tick.data")
}

// stepNames are the seven steps in a word each.
func stepNames(ctx context.Context) []string {
	return []string{ui.T(ctx, "agents.step.created"), ui.T(ctx, "agents.step.downloaded"), ui.T(ctx, "agents.step.handed"), ui.T(ctx, "agents.step.registered"),
		ui.T(ctx, "agents.step.credentials"), ui.T(ctx, "agents.step.token"), ui.T(ctx, "agents.step.data")}
}

// left is how long something still works: "6 d 4 h left".
func left(ctx context.Context, until, now time.Time) string {
	d := until.Sub(now)
	switch hours := int(d / time.Hour); {
	case until.IsZero():
		return ""
	case d <= 0:
		return ui.T(ctx, "agents.over", "When", ui.Ago(ctx, until))
	case hours >= 24:
		return ui.T(ctx, "agents.left.days", "Days", hours/24, "Hours", hours%24)
	case hours >= 2:
		return ui.T(ctx, "agents.left.hours", "Hours", hours)
	}
	return ui.T(ctx, "agents.left.minutes", "Minutes", int(d/time.Minute)+1)
}

// profileChoices are the two ways in which an agent proves who it is.
func profileChoices(ctx context.Context) []ui.Choice {
	return []ui.Choice{
		{Value: string(agents.RSA3072), Label: ui.T(ctx, "agents.profile.rsa"), Text: ui.T(ctx, "agents.profile.rsa.text")},
		{Value: string(agents.SharedSecret), Label: ui.T(ctx, "agents.profile.secret"), Text: ui.T(ctx, "agents.profile.secret.text")},
	}
}

func profileOptions(ctx context.Context) (all []ui.Option) {
	for _, c := range profileChoices(ctx) {
		all = append(all, ui.Option{Value: c.Value, Label: c.Label})
	}
	return all
}

// misstated is what a form can say of a failure: the wire's words of where, and
// a sentence; "" stands for no field of the form.
func misstated(err error) (where, sentence string, ok bool) {
	f := fault.Of(err)
	if f == nil {
		return "", "", false
	}
	switch f.Kind {
	case fault.Malformed, fault.Unprocessable, fault.Conflict, fault.Stale:
	default:
		return "", "", false
	}
	if len(f.Fields) > 0 {
		where = f.Fields[0].Where
	}
	return where, f.Sentence, true
}

// lastPart is a field's name in a path such as dataSources[0].dataPoints[2].id.
func lastPart(where string) string { return where[strings.LastIndexByte(where, '.')+1:] }

// fieldOf is which part of a wish for an agent a failure is about: name, profile,
// place or network; "" for the whole.
func fieldOf(err error) string {
	switch {
	case errors.Is(err, iam.ErrName), errors.Is(err, devices.ErrNameTaken):
		return "name"
	case errors.Is(err, agents.ErrProfile):
		return "profile"
	case errors.Is(err, agents.ErrNetwork):
		return "network"
	case errors.Is(err, agents.ErrPlace), errors.Is(err, policies.ErrRefused), errors.Is(err, policies.ErrHidden):
		return "place"
	}
	return ""
}

// pointPath tells a path to a data point from one to a source.
func pointPath(where string) bool { return strings.Contains(where, ".dataPoints[") }

func escaped(s string) string { return url.QueryEscape(s) }

// boardingText is what the boarding configuration is good for now.
func boardingText(ctx context.Context, v onePage) string {
	switch {
	case v.Stage == agents.Late:
		return ui.T(ctx, "agents.boarding.late")
	case v.Fetched.IsZero():
		return ui.T(ctx, "agents.boarding.text")
	}
	return ui.T(ctx, "agents.boarding.fetched", "When", ui.Moment(ctx, v.Fetched), "Left", v.Left)
}

func pointsText(ctx context.Context, s agents.Sources) string {
	n := 0
	for _, one := range s.Sources {
		n += len(one.Points)
	}
	if n == 0 {
		return ui.T(ctx, "agents.points.none")
	}
	return ui.T(ctx, "agents.points.count", "Count", n)
}

func networkText(ctx context.Context, n *agents.Network) string {
	if n == nil {
		return ui.T(ctx, "agents.network.none")
	}
	return ui.T(ctx, "agents.network.with")
}

// severityLook is how an event of the clients' scale looks: 20 is an error, 30 a
// warning.
func severityLook(severity int) (icon, kind string) {
	switch {
	case severity <= 20:
		return "circle-alert", "bad"
	case severity <= 30:
		return "triangle-alert", "warn"
	}
	return "info", ""
}

// pathEscaped is a file's path in a URL.
func pathEscaped(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// bytesWord is a size in the largest unit that keeps it readable.
func bytesWord(n int64) string {
	switch {
	case n < 10<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 10<<20:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	}
	return strconv.FormatInt(n>>20, 10) + " MiB"
}

// briefly is a moment to the minute, short enough for a phone: "22 Nov 04:11".
func briefly(ctx context.Context, t time.Time) string {
	return ui.Day(ctx, t) + " " + ui.Clock(ctx, t)[:len("04:11")]
}

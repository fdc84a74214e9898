package connectors

import (
	"context"
	"errors"

	"halfkey/connectors"
	"halfkey/connectors/agenttoken"
	"halfkey/iam/fault"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// answered tells whether a service was asked and said no, or nothing.
func answered(err error) bool {
	return errors.Is(err, connectors.ErrTestKey) || errors.Is(err, connectors.ErrTestSilent)
}

// refusedWord is what a service's no is called.
func refusedWord(ctx context.Context, service string, err error) string {
	return saidOf(ctx, service, "fault."+fault.Of(err).Code)
}

// sentenceOf is what a fault says; "" for none.
func sentenceOf(err error) string {
	if f := fault.Of(err); err != nil && f != nil {
		return f.Sentence
	}
	return ""
}

// agentWords is what is said otherwise where the service is an agent platform.
var agentWords = map[string]string{
	"connector.serves":              "connector.agenttoken.serves",
	"connector.account":             "connector.agenttoken.account",
	"connector.channels":            "connector.agenttoken.agents",
	"connector.has":                 "connector.agenttoken.has",
	"connector.answers.text":        "connector.agenttoken.answers",
	"connector.refused":             "connector.agenttoken.refused",
	"connector.refused.fix":         "connector.agenttoken.refused.fix",
	"connector.key.fix":             "connector.agenttoken.key.fix",
	"connector.full":                "connector.agenttoken.full",
	"connector.full.fix":            "connector.agenttoken.full.fix",
	"connector.missing":             "connector.agenttoken.missing",
	"connector.missing.fix":         "connector.agenttoken.missing.fix",
	"connector.remove.text":         "connector.agenttoken.remove",
	"connector.remove.used":         "connector.agenttoken.remove.used",
	"connector.drift.text":          "connector.agenttoken.drift",
	"connector.drift.none.text":     "connector.agenttoken.drift.none",
	"connector.drift.channel":       "connector.agenttoken.agent",
	"connector.drift.double.what":   "connector.agenttoken.drift.double",
	"connector.drift.orphan.what":   "connector.agenttoken.drift.orphan",
	"connector.drift.kept.what":     "connector.agenttoken.drift.kept",
	"connector.drift.settings.what": "connector.agenttoken.drift.settings",
	"fault.connector-key-refused":   "connector.agenttoken.wrong",
	"fault.connector-secret":        "connector.agenttoken.none",
}

// saidOf is a sentence as it is said of that service.
func saidOf(ctx context.Context, service, id string, data ...any) string {
	if other := agentWords[id]; other != "" && service == agenttoken.Provider {
		id = other
	}
	return ui.T(ctx, id, data...)
}

// leftWord is how many channels an account has room for.
func leftWord(ctx context.Context, left int) string {
	if left < 0 {
		return ui.T(ctx, "connector.left.any")
	}
	return ui.T(ctx, "connector.left", "Count", left)
}

// settingWord is what a line of the form is called, and what it is for.
func settingWord(ctx context.Context, service, name string) (label, hint string) {
	if service == agenttoken.Provider {
		return agentSettingWord(ctx, name)
	}
	switch name {
	case "base_url":
		return ui.T(ctx, "connector.thingspeak.address"), ui.T(ctx, "connector.thingspeak.address.hint")
	case "account_key":
		return ui.T(ctx, "connector.thingspeak.key"), ui.T(ctx, "connector.thingspeak.key.hint")
	case "channels":
		return ui.T(ctx, "connector.thingspeak.channels"), ui.T(ctx, "connector.thingspeak.channels.hint")
	case "pool":
		return ui.T(ctx, "connector.thingspeak.pool"), ui.T(ctx, "connector.thingspeak.pool.hint")
	}
	return name, ""
}

func agentSettingWord(ctx context.Context, name string) (label, hint string) {
	switch name {
	case "base_url":
		return ui.T(ctx, "connector.agenttoken.address"), ui.T(ctx, "connector.agenttoken.address.hint")
	case "client_id":
		return ui.T(ctx, "connector.agenttoken.id"), ui.T(ctx, "connector.agenttoken.id.hint")
	case "account_key":
		return ui.T(ctx, "connector.agenttoken.key"), ui.T(ctx, "connector.agenttoken.key.hint")
	case "tenant":
		return ui.T(ctx, "connector.agenttoken.tenant"), ui.T(ctx, "connector.agenttoken.tenant.hint")
	case "profile":
		return ui.T(ctx, "connector.agenttoken.profile"), ui.T(ctx, "connector.agenttoken.profile.hint")
	}
	return name, ""
}

func serviceWord(ctx context.Context, service string) string {
	switch service {
	case "thingspeak":
		return ui.T(ctx, "connector.thingspeak")
	case agenttoken.Provider:
		return ui.T(ctx, "connector.agenttoken")
	case "embedded":
		return ui.T(ctx, "connector.embedded")
	}
	return service
}

// stateWord is the one word of how a connector fares, and its badge.
func stateWord(ctx context.Context, l line) (kind, word string) {
	switch {
	case l.Paused():
		return "", ui.T(ctx, "connector.state.paused")
	case l.Trouble == "account":
		return "bad", ui.T(ctx, "connector.state.refused")
	case l.Trouble != "":
		return "warn", ui.T(ctx, "connector.state.trouble")
	case !l.Own && l.Left == 0 && l.Status.Channels >= 0:
		return "warn", ui.T(ctx, "connector.state.full")
	}
	return "good", ui.T(ctx, "connector.state.works")
}

// troubleWords are why a connector does not work and what to do about it.
func troubleWords(ctx context.Context, l line) (title, text string) {
	said := func(id string) string { return saidOf(ctx, l.Provider, id, "Host", l.Host) }
	switch l.Trouble {
	case "":
		if !l.Own && l.Left == 0 && l.Status.Channels >= 0 {
			return ui.T(ctx, "connector.full"), ui.T(ctx, "connector.full.fix")
		}
		return "", ""
	case "account":
		return said("connector.refused"), said("connector.refused.fix")
	case "pace":
		return ui.T(ctx, "connector.pace"), ui.T(ctx, "connector.pace.fix")
	case "quota":
		return said("connector.full"), said("connector.full.fix")
	case "missing":
		return said("connector.missing"), said("connector.missing.fix")
	case "extra":
		return ui.T(ctx, "connector.extra"), ui.T(ctx, "connector.held.fix")
	case "other":
		return ui.T(ctx, "connector.other"), ui.T(ctx, "connector.held.fix")
	}
	return ui.T(ctx, "connector.silent", "Host", l.Host), ui.T(ctx, "connector.silent.fix")
}

// channelWord is how far a channel outside is.
func channelWord(ctx context.Context, v connectors.View) (kind, word string) {
	switch {
	case v.State == connectors.Lost:
		return "bad", ui.T(ctx, "connector.channel.lost")
	case v.Error != "" && v.Pending != "":
		return "warn", ui.T(ctx, "connector.channel.error", "Why", show.ConnectorCause(ctx, v.Error))
	case v.State == connectors.Creating:
		return "", ui.T(ctx, "connector.channel.creating")
	case v.State == connectors.Spare:
		return "", ui.T(ctx, "connector.channel.spare")
	case v.State == connectors.Held:
		return "", ui.T(ctx, "connector.channel.held")
	case v.State == connectors.Closing, v.State == connectors.Closed:
		return "", ui.T(ctx, "connector.channel.closed")
	case v.Pending != "":
		return "", ui.T(ctx, "connector.channel.changing")
	case v.Agent && v.Entries > 0:
		return "good", ui.T(ctx, "connector.agent.onboarded")
	case v.Agent:
		return "", ui.T(ctx, "connector.agent.waits")
	}
	return "good", ui.T(ctx, "connector.channel.ready")
}

// driftWords are what is other (missing, extra or differs), in a sentence, and
// what would be done about it.
func driftWords(ctx context.Context, service string, d connectors.Difference) (kind, what, action string) {
	switch d.Kind {
	case connectors.DiffMissing:
		return ui.T(ctx, "connector.drift.missing"), ui.T(ctx, "connector.drift.missing.what"), ui.T(ctx, "connector.drift.missing.do")
	case connectors.DiffFound:
		return ui.T(ctx, "connector.drift.extra"), ui.T(ctx, "connector.drift.found.what"), ui.T(ctx, "connector.drift.found.do")
	case connectors.DiffDouble:
		return ui.T(ctx, "connector.drift.extra"), saidOf(ctx, service, "connector.drift.double.what"), ui.T(ctx, "connector.drift.delete")
	case connectors.DiffOrphan:
		return ui.T(ctx, "connector.drift.extra"), saidOf(ctx, service, "connector.drift.orphan.what"), ui.T(ctx, "connector.drift.delete")
	case connectors.DiffKept:
		return ui.T(ctx, "connector.drift.extra"), saidOf(ctx, service, "connector.drift.kept.what"), ui.T(ctx, "connector.drift.kept.do")
	case connectors.DiffKeys:
		return ui.T(ctx, "connector.drift.differs"), ui.T(ctx, "connector.drift.keys.what"), ui.T(ctx, "connector.drift.keys.do")
	}
	return ui.T(ctx, "connector.drift.differs"), saidOf(ctx, service, "connector.drift.settings.what"), ui.T(ctx, "connector.drift.settings.do")
}

func settingsTitle(ctx context.Context, f settingsForm) string {
	if f.Change {
		return ui.T(ctx, "connector.change.title", "Name", f.Back.Name)
	}
	return ui.T(ctx, "connector.new")
}

// inputType and inputMode are how a browser takes a setting of that kind.
func inputType(kind string) string {
	switch kind {
	case "secret":
		return "password"
	case "url":
		return "url"
	}
	return "text"
}

func inputMode(kind string) string {
	if kind == "number" {
		return "numeric"
	}
	return ""
}

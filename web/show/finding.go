package show

import (
	"context"
	"strings"

	"halfkey/devices"
	"halfkey/devices/doctor"
	"halfkey/web/ui"
)

// A Told is a finding in the viewer's language, the same on a page, in an answer
// of the API and at the command line.
type Told struct {
	Title string
	Text  string // the cause, and what mends it
	Fix   Fix
}

// A Fix is what mends a finding: a deed, a page, or a command to copy.
type Fix struct {
	Label   string // of the deed or the page; "" for neither
	Page    string // where to mend it, or where it is seen
	Post    string // the deed's address; "": the page is all
	Org     string // which the deed's form names
	Command string // for the machine's own console
}

// remedy is what is said of a finding. In addresses {id} is what it is about, {org}
// the place; in commands {name} is its name.
type remedy struct{ title, text, label, page, post, command string }

const restart = "systemctl restart halfkey"

var remedies = map[doctor.Code]remedy{
	doctor.Writer:      {title: "doctor.writer", text: "doctor.writer.text", command: restart},
	doctor.Disk:        {title: "doctor.disk", text: "doctor.disk.text", command: "du -h --max-depth=1 {name}"},
	doctor.Newer:       {title: "doctor.newer", text: "doctor.newer.text", command: restart},
	doctor.KeysetGone:  {title: "doctor.keyset.gone", text: "doctor.keyset.gone.text", command: "install -m 600 keyset.json {name}"},
	doctor.KeysetOther: {title: "doctor.keyset", text: "doctor.keyset.text", command: "install -m 600 keyset.json {name}"},
	doctor.CertEnds:    {title: "doctor.certificate", text: "doctor.certificate.text", command: restart},

	doctor.JobsDead:  {"doctor.jobs.dead", "doctor.jobs.text", "doctor.again", "/admin/jobs?state=discarded", "/admin/jobs/kinds/{id}/retry", "halfkey job again {id}"},
	doctor.JobsAgain: {"doctor.jobs.again", "doctor.jobs.text", "doctor.again", "/admin/jobs?state=retryable", "/admin/jobs/kinds/{id}/retry", "halfkey job again {id}"},
	doctor.JobsStill: {title: "doctor.jobs.still", text: "doctor.jobs.still.text", page: "/admin/jobs", command: restart},
	doctor.MailStuck: {"doctor.mail", "doctor.mail.text", "doctor.again", "/admin/jobs?state=retryable", "/admin/jobs/kinds/{id}/retry", "halfkey job again {id}"},
	doctor.MailDead:  {"doctor.mail.dead", "doctor.mail.text", "doctor.again", "/admin/jobs?state=discarded", "/admin/jobs/kinds/{id}/retry", "halfkey job again {id}"},

	doctor.ConnectorRefused: {title: "doctor.connector.account", text: "doctor.connector.account.text", label: "doctor.connector.reconnect", page: "/connectors/{id}/settings"},
	doctor.ConnectorFull:    {title: "doctor.connector.quota", text: "doctor.connector.quota.text", label: "doctor.again", page: "/connectors/{id}", post: "/connectors/{id}/again"},
	doctor.ConnectorPace:    {title: "doctor.connector.pace", text: "doctor.connector.pace.text", label: "doctor.connector.test", page: "/connectors/{id}", post: "/connectors/{id}/check", command: "halfkey connector check {id}"},
	doctor.ConnectorSilent:  {title: "doctor.connector.silent", text: "doctor.connector.silent.text", label: "doctor.connector.test", page: "/connectors/{id}", post: "/connectors/{id}/check", command: "halfkey connector check {id}"},
	doctor.ConnectorDrift:   {title: "doctor.connector.drift", text: "doctor.connector.drift.text", label: "doctor.connector.compare", page: "/connectors/{id}/drift", command: "halfkey connector drift {id}"},
	doctor.ConnectorPaused:  {title: "doctor.connector.paused", text: "doctor.connector.paused.text", label: "doctor.connector.resume", page: "/connectors/{id}", post: "/connectors/{id}/resume", command: "halfkey connector resume {id}"},
	doctor.ConnectorLost:    {title: "doctor.connector.lost", text: "doctor.connector.lost.text", label: "doctor.connector.see", page: "/connectors/{id}"},
	doctor.ConnectorStuck:   {title: "doctor.connector.stuck", text: "doctor.connector.stuck.text", label: "doctor.again", page: "/connectors/{id}", post: "/connectors/{id}/again"},

	doctor.WebhookDead: {title: "doctor.webhook", text: "doctor.webhook.text", label: "doctor.again", page: "/orgs/{org}/webhooks", post: "/webhooks/{id}/again"},
	doctor.TrailBroken: {"doctor.trail", "doctor.trail.text", "doctor.trail.check", "/audit?org={org}", "/audit/check", "halfkey audit verify"},
	doctor.TrailOld:    {"doctor.trail.old", "doctor.trail.old.text", "doctor.trail.check", "/audit?org={org}", "/audit/check", "halfkey audit verify"},

	doctor.DeviceSilent:  {title: "doctor.device.silent", text: "doctor.device.silent.text", label: "doctor.device.why", page: "/devices/{id}"},
	doctor.DevicesSilent: {title: "doctor.devices.silent", text: "doctor.devices.silent.text", label: "doctor.device.list", page: "/devices?org={org}"},
	doctor.Strangers:     {title: "doctor.strangers", text: "doctor.strangers.text", label: "doctor.strangers.open", page: "/pending?org={org}"},
}

// Finding puts a finding in words.
func Finding(ctx context.Context, f doctor.Finding) Told {
	r := remedies[f.Code]
	data := []any{"Name", f.Name, "Place", f.Place, "Count", f.Count, "Job", JobWord(ctx, f.Name), "Why", cause(ctx, f)}
	in := strings.NewReplacer("{id}", f.Subject, "{org}", string(f.Org), "{name}", f.Name)
	t := Told{Title: ui.T(ctx, r.title, data...), Text: ui.T(ctx, r.text, data...),
		Fix: Fix{Page: in.Replace(r.page), Post: in.Replace(r.post), Org: string(f.Org), Command: in.Replace(r.command)}}
	switch {
	case !f.May:
		t.Text, t.Fix = t.Text+" "+ui.T(ctx, "doctor.others"), Fix{Label: ui.T(ctx, "doctor.connector.see"), Page: "/connectors/" + f.Subject}
	case r.label != "":
		t.Fix.Label = ui.T(ctx, r.label)
	}
	if f.Code == doctor.CertEnds && f.Cause != "own" {
		t.Text = ui.T(ctx, "doctor.certificate.file", data...)
	}
	return t
}

// cause is why, in words.
func cause(ctx context.Context, f doctor.Finding) string {
	switch f.Code {
	case doctor.WebhookDead:
		return HookAnswer(ctx, f.Cause)
	case doctor.ConnectorStuck, doctor.ConnectorFull:
		return ConnectorCause(ctx, f.Cause)
	case doctor.DeviceSilent:
		return silenceCause(ctx, devices.Cause(f.Cause))
	}
	return f.Cause
}

package cli

import "github.com/spf13/cobra"

// trail and admin are added to groups that exist elsewhere.
var (
	trail = []verb{
		{use: "ls ORG", short: "The trail of a place and below", call: "GET /orgs/{ORG}/audit", columns: "at actor_name verb object_type object outcome door",
			query: "verb=--verb actor=--actor object=--object outcome=--outcome from=--from:time to=--until:time",
			flags: []string{"verb text what was done, such as device.move", "actor text id of who did it", "object text id of what it was done to", "outcome text ok, refused or failed", "from time not before", until}},
		{use: "export ORG", short: "Make a signed file of the trail", call: "POST /orgs/{ORG}/audit/exports", body: "format=--format", columns: "id state percent file lines expires_at",
			query: "verb=--verb actor=--actor object=--object from=--from:time to=--until:time",
			flags: []string{"format text csv or ndjson", "verb text what was done, such as device.move", "actor text id of who did it", "object text id of what it was done to", "from time not before", until}},
		{use: "check ORG", short: "Look whether an organisation's trail is whole", call: "POST /orgs/{ORG}/audit/check", columns: "state lines bad_seq what"},
		{use: "checked ORG", short: "What the last such look found", call: "GET /orgs/{ORG}/audit/check", columns: "state lines bad_seq what asked_at"},
		{use: "keys ORG", short: "How old keys are, and which were never used", call: "GET /orgs/{ORG}/key_ages", query: "kind=--kind only=--only", columns: "name holder org_name created_at used_at too_old fingerprint",
			flags: []string{"kind text registration, read, write, account, token, agent or passkey", "only text never: those never used; old: those that are too old"}},
		{use: "term ORG", short: "How old keys may grow, in days", call: "GET /orgs/{ORG}/key_term", columns: "days"},
		{use: "term-set ORG DAYS", short: "Say how old keys may grow", call: "PUT /orgs/{ORG}/key_term", body: "days=DAYS:int", columns: "days"},
		{use: "exports ORG", short: "Files of the trail that were made", call: "GET /orgs/{ORG}/audit/exports", columns: "id state percent file lines expires_at"},
		{use: "file EXPORT-ID", short: "Write such a file to the output", call: "GET /audit/exports/{EXPORT-ID}/file", file: true},
		{use: "signature EXPORT-ID", short: "Write its signature to the output", call: "GET /audit/exports/{EXPORT-ID}/signature", file: true},
		{use: "access ORG WHAT", short: "Who could see a device or channel at a moment", call: "GET /orgs/{ORG}/access", query: "what=WHAT at=--at:time",
			flags: []string{"at time the moment; now unless said otherwise"}, within: "held", columns: "name role org_name source since until ended_at"},
		{use: "reach ORG WHO", short: "What somebody could see at a moment", call: "GET /orgs/{ORG}/reach", query: "who=WHO at=--at:time",
			flags: []string{"at time the moment; now unless said otherwise"}, within: "devices", columns: "id name serial channel"},
	}
	admin = []verb{
		{use: "explain WHO ACTION", short: "Why somebody may or may not do something", call: "GET /explain", query: "who=WHO action=ACTION org=--org:org device=--device:device",
			flags: []string{"org text in this place", "device text with this device"}, lines: "chain"},
	}
)

// Trail and Admin are the verbs that belong to the nouns audit and admin.
func Trail(open Open) []*cobra.Command { return commands(trail, open) }
func Admin(open Open) []*cobra.Command { return commands(admin, open) }

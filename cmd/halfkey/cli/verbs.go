package cli

import "github.com/spf13/cobra"

// Flags that several verbs have.
var (
	dry    = "dry-run bool only say what it would come to"
	reason = "reason text why, for the trail"
	rotate = "rotate bool change keys, too, that were seen by somebody who loses them"
	until  = "until time the last day, or moment"
	how    = []string{dry, reason, rotate}
)

const (
	howQuery   = "dry_run=--dry-run reason=--reason rotate=--rotate"
	dryQuery   = "dry_run=--dry-run"
	orgCols    = "id name kind state slug"
	deviceCols = "id serial name presence org channel"
	keyCols    = "id label hint form boarding state uses expires_at"
	runCols    = "id act state total done failed"
	customCols = "id role name sets"
	tokenCols  = "id label hint works not_after used_at token"
)

// groups are the verbs by their noun. Everything that a page can do is here, in
// the API's own words.
var groups = []group{
	{"org", "Places for people and devices", []verb{
		{use: "ls", short: "The tree of places", call: "GET /orgs", columns: "id depth name kind people devices"},
		{use: "show ORG", short: "One place with its settings", call: "GET /orgs/{ORG}", columns: orgCols},
		{use: "new PARENT NAME", short: "Make a place below another", call: "POST /orgs", body: "parent=PARENT:org name=NAME kind=--kind",
			flags: []string{"kind text household, plant, fleet, team or plain"}, columns: orgCols},
		{use: "rename ORG NAME", short: "Give a place another name", call: "PATCH /orgs/{ORG}", body: "name=NAME", query: howQuery, flags: how, columns: orgCols},
		{use: "set ORG", short: "Change settings of a place", call: "PATCH /orgs/{ORG}", query: howQuery, columns: orgCols,
			body: "kind=--kind private=--private:bool member_role=--member-role min_credential=--min-credential rotate_read_keys=--rotate-read-keys",
			flags: append([]string{"kind text household, plant, fleet, team or plain", "private text true: not looked into from above; or false",
				"member-role text viewer, member or operator: what belonging amounts to", "min-credential text any, mfa or passkey",
				"rotate-read-keys text always, exposed or ask"}, how...)},
		{use: "move ORG PARENT", short: "Move a place below another", call: "POST /orgs/{ORG}/move", body: "parent=PARENT:org", query: howQuery, flags: how, columns: orgCols},
		{use: "suspend ORG", short: "Shut a place until it is resumed", call: "POST /orgs/{ORG}/suspend", query: howQuery, flags: how, columns: orgCols},
		{use: "resume ORG-ID", short: "Open a place again", call: "POST /orgs/{ORG-ID}/resume", query: howQuery, flags: how, columns: orgCols},
		{use: "close ORG", short: "Close a place", call: "POST /orgs/{ORG}/close", query: howQuery, flags: how, columns: orgCols},
		{use: "leave ORG", short: "Give up what you hold in a place", call: "POST /orgs/{ORG}/leave", query: howQuery, flags: how},
	}},
	{"person", "People and what they hold", []verb{
		{use: "ls ORG", short: "People of a place and below", call: "GET /orgs/{ORG}/people", columns: "id name email"},
		{use: "invite ORG EMAIL ROLE", short: "Invite somebody; prints the link, once", call: "POST /orgs/{ORG}/invitations", body: "email=EMAIL role=ROLE", columns: "id email role expires_at link"},
		{use: "invitations ORG", short: "Open invitations", call: "GET /orgs/{ORG}/invitations", columns: "id email role org_name expires_at"},
		{use: "uninvite INVITATION-ID", short: "Take an invitation back", call: "DELETE /invitations/{INVITATION-ID}"},
		{use: "roles PERSON", short: "Roles of a person", call: "GET /people/{PERSON}/roles", columns: "id role org_name device until source"},
		{use: "disable PERSON", short: "Switch a person off everywhere", call: "POST /people/{PERSON}/disable", query: dryQuery, flags: []string{dry}},
		{use: "enable PERSON", short: "Let a person in again", call: "POST /people/{PERSON}/enable", query: dryQuery, flags: []string{dry}},
		{use: "me", short: "Who you are here", call: "GET /me", columns: "id name email kind"},
	}},
	{"role", "Giving and ending roles", []verb{
		{use: "give ORG TO ROLE", short: "Give a role to a person, by address, or to a team", call: "POST /orgs/{ORG}/roles", query: dryQuery,
			body:  "to=TO role=ROLE reach=--reach from=--from:time until=--until:time reason=--reason",
			flags: []string{"reach text subtree or self", "from time the first moment", until, reason, dry}, columns: "id"},
		{use: "ls ORG", short: "Roles of an organisation's own", call: "GET /orgs/{ORG}/custom_roles", columns: customCols},
		{use: "new ORG NAME SETS", short: "Make a role of permission sets, separated by commas", call: "POST /orgs/{ORG}/custom_roles", body: "name=NAME sets=SETS:list", columns: customCols},
		{use: "change CUSTOM-ROLE-ID", short: "Change what a role of your own may", call: "PATCH /custom_roles/{CUSTOM-ROLE-ID}", body: "name=--name sets=--sets:list", query: howQuery,
			flags: append([]string{"name text another name", "sets list its permission sets from now on"}, how...), columns: customCols},
		{use: "drop CUSTOM-ROLE-ID", short: "End a role of your own for everybody", call: "DELETE /custom_roles/{CUSTOM-ROLE-ID}", query: howQuery, flags: how},
		{use: "until ROLE-ID", short: "Let a role end at another time", call: "PATCH /roles/{ROLE-ID}", body: "until=--until:time", query: howQuery, flags: append([]string{until}, how...)},
		{use: "end ROLE-ID", short: "End a role", call: "DELETE /roles/{ROLE-ID}", query: howQuery, flags: how},
		{use: "lend ROLE-ID TO", short: "Let somebody stand in for you", call: "POST /roles/{ROLE-ID}/deputies", query: dryQuery,
			body: "to=TO role=--role until=--until:time reason=--reason", flags: []string{"role text the same unless said otherwise", until, reason, dry}, columns: "id"},
	}},
	{"share", "Letting others in, for a time", []verb{
		{use: "ls", short: "What is shared", call: "GET /shares", query: "direction=--direction", flags: []string{"direction text given or received"},
			columns: "id org_name device_name to_name role until waiting"},
		{use: "org ORG TO ROLE", short: "Share a place", call: "POST /orgs/{ORG}/shares", body: "to=TO role=ROLE until=--until:time reason=--reason", query: dryQuery,
			flags: []string{until, reason, dry}, columns: "id waiting invitation link"},
		{use: "device DEVICE TO ROLE", short: "Share one device", call: "POST /devices/{DEVICE}/shares", body: "to=TO role=ROLE until=--until:time reason=--reason", query: dryQuery,
			flags: []string{until, reason, dry}, columns: "id waiting invitation link"},
		{use: "end SHARE-ID", short: "End a share", call: "DELETE /shares/{SHARE-ID}", query: howQuery, flags: how},
		{use: "accept SHARE-ID", short: "Accept what was offered to an organisation", call: "POST /shares/{SHARE-ID}/accept", query: dryQuery, flags: []string{dry}},
		{use: "decline SHARE-ID", short: "Send it back", call: "POST /shares/{SHARE-ID}/decline", query: dryQuery, flags: []string{dry}},
	}},
	{"key", "Registration keys, by which devices come aboard", []verb{
		{use: "ls ORG", short: "Registration keys of a place", call: "GET /orgs/{ORG}/keys", columns: keyCols},
		{use: "show KEY-ID", short: "One key, without its halves", call: "GET /keys/{KEY-ID}", columns: keyCols},
		{use: "new ORG", short: "Issue a registration key", call: "POST /orgs/{ORG}/keys", columns: keyCols,
			body: "label=--label form=--form device_kind=--device-kind boarding=--boarding reboarding=--reboarding expires_at=--until:time max_uses=--uses:int",
			flags: []string{"label text what to call it", "form text standard or classic", "device-kind text thermometer, humidity, gateway, agent or other", "boarding text auto, serials or approve",
				"reboarding text auto, approve or deny", until, "uses int how many new devices it takes"}},
		{use: "reveal KEY-ID", short: "Print both halves; this goes on the record", call: "POST /keys/{KEY-ID}/reveal", columns: "first whole"},
		{use: "replace KEY-ID", short: "A new key in the place of one, which works for seven more days", call: "POST /keys/{KEY-ID}/replace", columns: keyCols},
		{use: "revoke KEY-ID", short: "End a key for ever", call: "POST /keys/{KEY-ID}/revoke", columns: keyCols},
		{use: "serials KEY-ID", short: "Serials that a key takes", call: "GET /keys/{KEY-ID}/serials", columns: "serial"},
		{use: "account ORG", short: "Account keys of a place, by which programs make channels", call: "GET /orgs/{ORG}/account_keys", columns: "id created_by created_at"},
		{use: "account-new ORG", short: "Make an account key; prints it, once", call: "POST /orgs/{ORG}/account_keys", columns: "id created_at key"},
		{use: "account-end ORG KEY-ID", short: "Revoke an account key", call: "DELETE /orgs/{ORG}/account_keys/{KEY-ID}"},
		{use: "list KEY-ID SERIALS", short: "List serials on a key, separated by commas", call: "POST /keys/{KEY-ID}/serials", body: "serials=SERIALS:list"},
	}},
	{"device", "Things that measure", []verb{
		{use: "ls", short: "Devices", call: "GET /devices", query: "org=--in:org q=--find state=--state", columns: deviceCols,
			flags: []string{"in text this place and those below it", "find text how serial or name begin", "state text announced, active, suspended or retired"}},
		{use: "show DEVICE", short: "One device", call: "GET /devices/{DEVICE}", columns: deviceCols},
		{use: "rename DEVICE NAME", short: "Give a device another name", call: "PATCH /devices/{DEVICE}", body: "name=NAME", columns: deviceCols},
		{use: "pause DEVICE", short: "Let a device write nothing until it is resumed", call: "POST /devices/{DEVICE}/pause", query: dryQuery, flags: []string{dry}, columns: deviceCols},
		{use: "resume DEVICE", short: "Let a device go on", call: "POST /devices/{DEVICE}/resume", query: dryQuery, flags: []string{dry}, columns: deviceCols},
		{use: "move DEVICE ORG", short: "Move a device to another place", call: "POST /devices/{DEVICE}/move", body: "to=ORG:org", query: howQuery, flags: how, columns: deviceCols},
		{use: "retire DEVICE SERIAL", short: "Remove a device for good", call: "POST /devices/{DEVICE}/retire", body: "serial=SERIAL", query: dryQuery, flags: []string{dry}, columns: deviceCols},
		{use: "transfers", short: "Devices on offer to other organisations, or to yours", call: "GET /transfers", query: "direction=--direction", flags: []string{"direction text given or received"},
			columns: "id device_name serial from_name to_name expires_at"},
		{use: "transfer DEVICE TO", short: "Offer a device to another organisation", call: "POST /devices/{DEVICE}/transfers", body: "to=TO", query: "dry_run=--dry-run reason=--reason",
			flags: []string{reason, dry}, columns: "id"},
		{use: "take TRANSFER-ID ORG", short: "Take a device over into a place of yours", call: "POST /transfers/{TRANSFER-ID}/accept", body: "into=ORG:org", query: dryQuery, flags: []string{dry}, columns: "id"},
		{use: "decline TRANSFER-ID", short: "Send an offer back", call: "POST /transfers/{TRANSFER-ID}/decline"},
		{use: "cancel TRANSFER-ID", short: "Take an offer back", call: "POST /transfers/{TRANSFER-ID}/cancel"},
		{use: "history DEVICE", short: "What happened to a device", call: "GET /devices/{DEVICE}/history", columns: "at actor_name verb outcome door"},
	}},
	{"run", "One deed done to many devices, by a server's job", []verb{
		{use: "start ACT", short: "Pause, resume, move or retire many devices", call: "POST /bulk", columns: runCols,
			body:  "act=ACT devices=--devices:list filter.org=--in:org filter.q=--find filter.state=--state to=--to:org",
			flags: []string{"devices list their ids", "in text all in this place and those below it", "find text all whose serial or name begins so", "state text all in this state", "to text where they move"}},
		{use: "ls", short: "Your runs", call: "GET /runs", columns: runCols},
		{use: "show RUN-ID", short: "How far a run has come, and what came to nothing", call: "GET /runs/{RUN-ID}", columns: runCols + " errors"},
	}},
	{"pending", "Devices that wait for a word", []verb{
		{use: "ls", short: "Who waits", call: "GET /pending", query: "org=--in:org state=--state", columns: "id serial key_label address state asked_at",
			flags: []string{"in text this place and those below it", "state text waiting or declined"}},
		{use: "accept REQUEST-ID", short: "Let a device in", call: "POST /pending/{REQUEST-ID}/accept"},
		{use: "refuse REQUEST-ID", short: "Turn a device away", call: "POST /pending/{REQUEST-ID}/refuse"},
		{use: "lift REQUEST-ID", short: "Let it ask again", call: "POST /pending/{REQUEST-ID}/lift"},
	}},
	{"channel", "What was measured", []verb{
		{use: "ls", short: "Channels with their last reading", call: "GET /channels", query: "org=--in:org", flags: []string{"in text this place and those below it"}, columns: "id name presence reading.value reading.unit reading.at"},
		{use: "show CHANNEL", short: "One channel with its fields", call: "GET /channels/{CHANNEL}", columns: "id name device presence last_entry"},
		{use: "read CHANNEL", short: "The newest entries", call: "GET /channels/{CHANNEL}/feed", query: "from=--from:time to=--until:time limit=--entries",
			flags: []string{"from time not before", until, "entries int how many at most, 100 unless said otherwise"}, columns: "entry at field1 field2 field3 field4 field5 field6 field7 field8"},
	}},
	{"session", "Browsers in which you are signed in", []verb{
		{use: "ls", short: "Your sessions", call: "GET /me/sessions", columns: "id method agent source seen_at"},
		{use: "end SESSION-ID", short: "Sign a browser out", call: "DELETE /me/sessions/{SESSION-ID}"},
	}},
	{"review", "Asking who shall keep what he holds", []verb{
		{use: "ls ORG", short: "Reviews", call: "GET /orgs/{ORG}/reviews", columns: "id kind name org_name due items decided closed_at"},
		{use: "new ORG KIND", short: "Begin one: own, or a campaign", call: "POST /orgs/{ORG}/reviews", columns: "id kind name org_name due items decided",
			body:  "kind=KIND name=--name roles=--roles:list undecided=--undecided due=--until:time",
			flags: []string{"name text what a campaign is called", "roles list ask about these alone", "undecided text keep, or end", "until time a campaign's deadline"}},
		{use: "show REVIEW-ID", short: "What it asks", call: "GET /reviews/{REVIEW-ID}/items", columns: "id what name role org_name target until used_at decision"},
		{use: "decide REVIEW-ID ITEM-ID DECISION", short: "Keep or end", call: "POST /reviews/{REVIEW-ID}/items/{ITEM-ID}", body: "decision=DECISION reason=--reason", flags: []string{reason}},
		{use: "close REVIEW-ID", short: "Close it", call: "POST /reviews/{REVIEW-ID}/close"},
	}},
	{"rule", "The policy itself, for who runs the platform", []verb{
		{use: "ls", short: "The policy in force", call: "GET /rules", columns: "role object act effect added"},
		{use: "add ROLE OBJECT ACT EFFECT", short: "Add a line", call: "POST /rules", body: "role=ROLE object=OBJECT act=ACT effect=EFFECT", columns: "role object act effect added"},
		{use: "rm ROLE OBJECT ACT", short: "Take an added line out again", call: "DELETE /rules", query: "role=ROLE object=OBJECT act=ACT"},
	}},
	{"token", "Tokens for programs of yours", []verb{
		{use: "ls", short: "Your tokens", call: "GET /me/tokens", columns: tokenCols},
		{use: "new LABEL", short: "Make a token; prints it, once", call: "POST /me/tokens", body: "label=LABEL not_after=--until:time role=--role org=--in:org", columns: tokenCols,
			flags: []string{until, "role text no more than this role", "in text nowhere but in this place and below"}},
		{use: "revoke TOKEN-ID", short: "Revoke a token", call: "DELETE /me/tokens/{TOKEN-ID}"},
	}},
	{"service", "Programs that act by themselves", []verb{
		{use: "ls ORG", short: "Service accounts of a place and below", call: "GET /orgs/{ORG}/services", columns: "id name org_name owner_name works"},
		{use: "new ORG NAME", short: "Make a service account", call: "POST /orgs/{ORG}/services", body: "name=NAME", columns: "id name org_name owner_name works"},
		{use: "give SERVICE-ID ROLE", short: "Give it a role", call: "POST /services/{SERVICE-ID}/roles", body: "role=ROLE org=--in:org", flags: []string{"in text in this place"}, columns: "id"},
		{use: "tokens SERVICE-ID", short: "Its tokens", call: "GET /services/{SERVICE-ID}/tokens", columns: tokenCols},
		{use: "token SERVICE-ID LABEL", short: "Make a token for it; prints it, once", call: "POST /services/{SERVICE-ID}/tokens",
			body: "label=LABEL not_before=--from:time not_after=--until:time", flags: []string{"from time not before", until}, columns: tokenCols},
		{use: "revoke SERVICE-ID TOKEN-ID", short: "Revoke a token of it", call: "DELETE /services/{SERVICE-ID}/tokens/{TOKEN-ID}"},
		{use: "end SERVICE-ID", short: "End it for ever", call: "DELETE /services/{SERVICE-ID}"},
	}},
}

// trail and admin are added to groups that exist elsewhere.
var (
	trail = []verb{
		{use: "ls ORG", short: "The trail of a place and below", call: "GET /orgs/{ORG}/audit", columns: "at actor_name verb object_type object outcome door",
			query: "verb=--verb actor=--actor object=--object outcome=--outcome from=--from:time to=--until:time",
			flags: []string{"verb text what was done, such as device.move", "actor text id of who did it", "object text id of what it was done to", "outcome text ok, refused or failed", "from time not before", until}},
		{use: "export ORG", short: "Make a signed file of the trail", call: "POST /orgs/{ORG}/audit/exports", body: "format=--format", columns: "id state percent file lines expires_at",
			query: "verb=--verb actor=--actor object=--object from=--from:time to=--until:time",
			flags: []string{"format text csv or ndjson", "verb text what was done, such as device.move", "actor text id of who did it", "object text id of what it was done to", "from time not before", until}},
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

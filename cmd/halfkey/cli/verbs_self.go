package cli

// selves are the verbs about whoever asks, and programs.
var selves = []group{
	{"session", "Browsers in which you are signed in", []verb{
		{use: "ls", short: "Your sessions", call: "GET /me/sessions", columns: "id method agent source seen_at"},
		{use: "end SESSION-ID", short: "Sign a browser out", call: "DELETE /me/sessions/{SESSION-ID}"},
		{use: "end-others", short: "Sign all of them out, but the one that asks", call: "DELETE /me/sessions"},
	}},
	{"way", "How you sign in", []verb{
		{use: "ls", short: "Your passkeys, password, app and address", call: "GET /me/ways", columns: "email email_confirmed_at password app_since recovery_codes passkeys"},
		{use: "passkey-name PASSKEY-ID NAME", short: "Give a passkey another name", call: "PATCH /me/passkeys/{PASSKEY-ID}", body: "name=NAME"},
		{use: "passkey-end PASSKEY-ID", short: "Remove a passkey", call: "DELETE /me/passkeys/{PASSKEY-ID}"},
		{use: "password FILE", short: "Set your password to what a file says; - is standard input", call: "PUT /me/password", body: "password=FILE:file"},
		{use: "password-end", short: "Remove your password", call: "DELETE /me/password"},
		{use: "app-end", short: "Ask for no more codes of an app", call: "DELETE /me/app"},
		{use: "address EMAIL", short: "Take another address, once its owner has opened a link", call: "POST /me/address", body: "email=EMAIL"},
		{use: "confirm", short: "Have a letter sent that confirms your address", call: "POST /me/address/confirm"},
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

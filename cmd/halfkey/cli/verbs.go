package cli

import "slices"

// Flags that several verbs have.
var (
	dry    = "dry-run bool only say what it would come to"
	reason = "reason text why, for the trail"
	rotate = "rotate bool change keys, too, that were seen by somebody who loses them"
	until  = "until time the last day, or moment"
	how    = []string{dry, reason, rotate}

	setting    = "set list what the service asks, as name=value"
	secretFile = "secret-file file file with the key or secret; - is standard input"
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
	connCols   = "id name service state trouble ready waiting lost inherited org"
	hookCols   = "id host made_by created_at secret"
	keepCols   = "entries sums from from_name"
)

// groups are the verbs by their noun. Everything that a page can do is here, in
// the API's own words.
var groups = slices.Concat(places, things, selves, jobs)

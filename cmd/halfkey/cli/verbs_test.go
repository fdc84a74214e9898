package cli_test

import (
	"regexp"
	"strings"
	"testing"

	"halfkey/web/webtest"
)

// first finds the id that begins a table's first line, or stands behind "id".
var first = regexp.MustCompile(`(?m)^(?:id +)?([0-9a-hjkmnp-tv-z]{20})\b`)

func idIn(t *testing.T, table string) string {
	t.Helper()
	m := first.FindStringSubmatch(table)
	if m == nil {
		t.Fatalf("no id in:\n%s", table)
	}
	return m[1]
}

func TestAnOwnerRunsHisHouseFromTheConsole(t *testing.T) {
	s := webtest.New(t).Furnish(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	do := func(args ...string) string { t.Helper(); return typed(t, s.House, s.Homer, args...) }
	says := func(text string, args ...string) string {
		t.Helper()
		out := do(args...)
		if !strings.Contains(out, text) {
			t.Errorf("%s: no %q in\n%s", strings.Join(args, " "), text, out)
		}
		return out
	}
	role := idIn(t, says("set:view", "role", "new", string(s.Tenant), "Caretaker", "set:view,set:operate"))
	says("Guard", "role", "change", role, "--name", "Guard")
	says("Guard", "role", "ls", string(s.Tenant))
	says("Done", "role", "drop", role)
	review := idIn(t, says("own", "review", "new", string(s.Tenant), "own"))
	item := idIn(t, says("Marge", "review", "show", review))
	says("Done", "review", "decide", review, item, "keep")
	says("Done", "review", "close", review)
	says("Marge", "audit", "access", string(s.Tenant), d.Channel)
	says("74743827342", "audit", "reach", string(s.Tenant), "marge@simps.net")
	export := idIn(t, says("ready", "audit", "export", string(s.Tenant), "--format", "ndjson"))
	says(`"verb":"review.close"`, "audit", "file", export)
	says(".", "audit", "signature", export)
	account := idIn(t, says("key", "key", "account-new", string(s.Household)))
	says("Done", "key", "account-end", string(s.Household), account)
	says("write-key", "device", "retire", string(d.ID), "74743827342", "--dry-run", "-o", "json")
	says("password", "session", "ls")
}

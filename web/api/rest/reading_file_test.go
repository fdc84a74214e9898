package rest_test

import (
	"strings"
	"testing"

	"halfkey/devices/bulk"
)

func TestReadingsComeAndGoAsAFile(t *testing.T) {
	h := newHouse(t)
	d, _ := h.Board(t, h.Household, "74743827342", "Living room")
	at := "/channels/" + d.Channel + "/file"
	const bad = "created_at,field1\n2026-01-01T00:00:00Z,20\nyesterday,21\n2026-01-01T00:00:01Z,22\n"
	refused := h.homer.do(t, "POST", at, bad, "Content-Type", "text/csv").refuses(422, "import-lines")
	if wrong := refused.object()["errors"].([]any); len(wrong) != 1 || wrong[0].(map[string]any)["where"] != "line 3" {
		t.Errorf("%s", refused.body)
	}
	h.marge.do(t, "POST", at, bad, "Content-Type", "text/csv").refuses(403, "not-allowed")
	h.homer.odd(t, "POST", at, map[string]any{}).refuses(400, "media-type")
	h.homer.do(t, "POST", at, "created_at\n", "Content-Type", "text/csv").refuses(422, "bulk-nothing")
	run := h.homer.do(t, "POST", at+"?good_rows=true", bad, "Content-Type", "text/csv").wants(202)
	b := &bulk.Service{DB: h.DB, Vault: h.Orgs.Vault, Decider: h.Decider, Devices: h.Devices, Orgs: h.Orgs, Machines: h.Machines, Files: h.Agents.Files, Now: h.Now}
	if err := b.Do(t.Context(), run.text("id")); err != nil {
		t.Fatal(err)
	}
	if r := h.homer.do(t, "GET", "/runs/"+run.text("id"), nil).wants(200); r.text("state") != "ended" || r.object()["done"] != 2.0 || r.object()["failed"] != 1.0 || r.object()["total"] != 3.0 {
		t.Errorf("%s", r.body)
	}
	if file := string(h.marge.do(t, "GET", at, nil).wants(200).body); !strings.HasSuffix(file, "2026-01-01T00:00:00Z,1,20,,,,,,,,,,,\n2026-01-01T00:00:01Z,2,22,,,,,,,,,,,\n") {
		t.Error(file)
	}
	if file := string(h.marge.do(t, "GET", at+"?form=ndjson&from=2026-01-01T00:00:01Z", nil).wants(200).body); file != `{"created_at":"2026-01-01T00:00:01Z","entry_id":2,"field1":"22"}`+"\n" {
		t.Error(file)
	}
}

// A device writes what it likes, and its owner opens the file with a spreadsheet.
func TestAFileOfReadingsCalculatesNothing(t *testing.T) {
	h := newHouse(t)
	from, _ := h.Board(t, h.Household, "74743827342", "Living room")
	to, _ := h.Board(t, h.Household, "74743827343", "Maggie's room")
	b := &bulk.Service{DB: h.DB, Vault: h.Orgs.Vault, Decider: h.Decider, Devices: h.Devices, Orgs: h.Orgs, Machines: h.Machines, Files: h.Agents.Files, Now: h.Now}
	take := func(channel, file string) string {
		at := "/channels/" + channel + "/file"
		run := h.homer.do(t, "POST", at, file, "Content-Type", "text/csv").wants(202)
		if err := b.Do(t.Context(), run.text("id")); err != nil {
			t.Fatal(err)
		}
		return string(h.homer.do(t, "GET", at, nil).wants(200).body)
	}
	const head = "created_at,field1,field2,field3,status\n"
	first := take(from.Channel, head+"2026-01-01T00:00:00Z,=1+1,-5.25,''=2,@SUM(1)\n")
	if !strings.HasSuffix(first, ",'=1+1,-5.25,''=2,,,,,,,,,'@SUM(1)\n") {
		t.Error(first)
	}
	if again := take(to.Channel, first); again != first {
		t.Errorf("it does not come back as it was:\n%s%s", first, again)
	}
}

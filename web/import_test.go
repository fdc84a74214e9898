package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"halfkey/devices/bulk"
	"halfkey/devices/files"
	"halfkey/web/webtest"
)

// sends uploads a file with the choice for its bad lines.
func sends(t *testing.T, b *webtest.Browser, url, lines, file string) webtest.Page {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("lines", lines)
	if file != "" {
		part, err := form.CreateFormFile("file", "feeds.csv")
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(file))
	}
	form.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return webtest.Page{Status: res.StatusCode, Header: res.Header, Body: string(answer)}
}

// works does the job of a run.
func works(t *testing.T, s *webtest.Simpsons, run string) {
	t.Helper()
	b := &bulk.Service{DB: s.DB, Vault: s.Orgs.Vault, Decider: s.Decider, Devices: s.Devices, Orgs: s.Orgs, Machines: s.Machines, Files: s.Agents.Files, Now: s.Now}
	if err := b.Do(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

const goodLines = "created_at,entry_id,field1\n2026-01-01 00:00:00 UTC,1,20\n2026-01-01 00:01:00 UTC,2,21\n"

func TestAFileOfReadingsComesIn(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	at := "/c/" + d.Channel
	s.Homer.Get(t, at).Wants(t, 200).Says(t, `href="`+at+`/import"`)
	s.Marge.Get(t, at).Wants(t, 200).Silent(t, "/import")
	s.Marge.Get(t, at+"/import").Wants(t, 403)
	sends(t, s.Marge, s.URL+at+"/import", "all", goodLines).Wants(t, 403)
	s.Homer.Get(t, at+"/import").Wants(t, 200).Says(t, "take nothing", "take the others")

	bad := goodLines + "yesterday,3,22\n2026-01-01 00:02:00 UTC,4,\"2\"3\n"
	refused := sends(t, s.Homer, s.URL+at+"/import", "all", bad).Wants(t, 422)
	refused.Says(t, "nothing was imported", "line 4", "is no time", "line 5", "quotation marks")
	sends(t, s.Homer, s.URL+at+"/import", "all", "").Wants(t, 422).Says(t, "Choose a file.")
	sends(t, s.Homer, s.URL+at+"/import", "all", "a,b\n1,2\n").Wants(t, 422).Says(t, "must name the columns")
	s.Homer.Get(t, at).Silent(t, "chart-line")

	run := sends(t, s.Homer, s.URL+at+"/import", "good", bad).Wants(t, 303).Header.Get("Location")
	s.Homer.Get(t, run).Wants(t, 200).Says(t, "The file is being imported", "2 of 4 lines")
	s.Marge.Get(t, run).Wants(t, 403)
	works(t, s, run[strings.LastIndex(run, "/")+1:])
	s.Homer.Get(t, run).Wants(t, 200).Says(t, "The file is imported", "line 4", "line 5", "Stored</dt><dd>2</dd>")
	s.Homer.Get(t, at+"?range=30d").Wants(t, 200)
	s.Homer.Get(t, at+"/readings.csv").Wants(t, 200).Says(t, "2026-01-01T00:01:00Z,2,21")
	s.Homer.Get(t, at+"/readings.ndjson").Wants(t, 200).Says(t, `{"created_at":"2026-01-01T00:01:00Z","entry_id":2,"field1":"21"}`)
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "imported 2 readings into")

	again := sends(t, s.Homer, s.URL+at+"/import", "all", goodLines).Wants(t, 303).Header.Get("Location")
	works(t, s, again[strings.LastIndex(again, "/")+1:])
	s.Homer.Get(t, again).Wants(t, 200).Says(t, "There already</dt><dd>2</dd>", "Stored</dt><dd>0</dd>")
}

// Whoever may no longer is stopped in the middle, and reads why.
func TestAnImportEndsWithTheRight(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	at := "/c/" + d.Channel + "/import"
	run := sends(t, s.Homer, s.URL+at, "all", goodLines).Wants(t, 303).Header.Get("Location")
	if err := s.Devices.Retire(s.AsHomer(t), d.ID, "74743827342"); err != nil {
		t.Fatal(err)
	}
	works(t, s, run[strings.LastIndex(run, "/")+1:])
	if n := len(strings.Split(s.Homer.Get(t, "/c/"+d.Channel+"/readings.csv").Body, "\n")); n > 2 {
		t.Errorf("%d lines are stored in the channel of a retired device", n)
	}
}

// A file that is too large is heard out, so that the answer is read.
func TestAFileThatIsTooLargeIsToldSo(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	line := "2026-01-01 00:00:00 UTC,1," + strings.Repeat("1", 200) + "\n"
	file := "created_at,entry_id,field1\n" + strings.Repeat(line, bulk.ReadingsMost/len(line)+1)
	sends(t, s.Homer, s.URL+"/c/"+d.Channel+"/import", "all", file).Wants(t, 413).Says(t, files.ErrTooLarge.Sentence)
}

// A file is picked, sent and followed in a browser.
func TestAnImportIsFollowedInABrowser(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	at := "/c/" + d.Channel + "/import"
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "import", base+at)
	var file strings.Builder
	file.WriteString("created_at,entry_id,field1\n")
	for i := range 600 {
		file.WriteString(time.Now().Add(time.Duration(i-700)*time.Minute).UTC().Format("2006-01-02 15:04:05 UTC") + "," + strconv.Itoa(i) + ",21\n")
	}
	run := sends(t, s.Homer, s.URL+at, "good", file.String()+"tomorrow,601,1\n").Wants(t, 303).Header.Get("Location")
	look(t, tab, "import-run", base+run)
	works(t, s, run[strings.LastIndex(run, "/")+1:])
	waits(t, tab, `document.querySelector("#imported").textContent.includes("The file is imported")`)
	lookHere(t, tab, "import-over")
}

package docs_test

import (
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"halfkey/web/webtest"
)

var copied = regexp.MustCompile(`<code>(curl[^<]*)</code>`)

// notHis is what Homer has not got: the platform, and a provider that signs people in.
var notHis = regexp.MustCompile(`/api/v1/(rules|platform/|jobs)|/sign_in'`)

func TestTheGuideIsOpenToStrangersAndFilledForTheSignedIn(t *testing.T) {
	s := webtest.New(t).Furnish(t)
	res, err := http.Get(s.URL + "/docs/api")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	stranger, _ := io.ReadAll(res.Body)
	if res.StatusCode != 200 || !strings.Contains(string(stranger), "/orgs/{org}/keys") || strings.Contains(string(stranger), string(s.Tenant)) {
		t.Fatalf("%d", res.StatusCode)
	}
	page := s.Homer.Get(t, "/docs/api").Wants(t, 200)
	if !strings.Contains(page.Body, `href="#connectors"`) || !strings.Contains(page.Body, `id="connectors"`) {
		t.Error("nothing leads to its chapters")
	}
	if !strings.Contains(page.Body, "/api/v1/orgs/"+string(s.Tenant)+"/keys") {
		t.Error("not filled with his own place")
	}
}

// A line that is copied from the page works in a shell as it stands.
func TestACopiedLineWorks(t *testing.T) {
	s := webtest.New(t).Furnish(t)
	s.Board(t, s.Household, "74743827342", "Living room")
	made, err := post(s.Homer, s.URL+"/api/v1/me/tokens", `{"label":"Guide","not_after":"`+s.Now().AddDate(0, 0, 1).UTC().Format("2006-01-02T15:04:05Z")+`"}`)
	if err != nil {
		t.Fatal(err)
	}
	token := regexp.MustCompile(`hk_[0-9a-z]{59}`).FindString(made)
	page := s.Homer.Get(t, "/docs/api").Wants(t, 200)
	ran := 0
	for _, m := range copied.FindAllStringSubmatch(page.Body, -1) {
		line := strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(m[1])
		if strings.Contains(line, "_ID") || strings.Contains(line, " -X ") || notHis.MatchString(line) {
			continue
		}
		sh := exec.CommandContext(t.Context(), "sh", "-c", line+" -s -o /dev/null -w '%{http_code}'")
		sh.Env = append(sh.Environ(), "HALFKEY_TOKEN="+token)
		if out, err := sh.CombinedOutput(); err != nil || string(out) != "200" && string(out) != "204" {
			t.Errorf("%s: %s %v", line, out, err)
		}
		ran++
	}
	if ran < 10 {
		t.Errorf("%d lines ran", ran)
	}
}

func post(b *webtest.Browser, url, body string) (string, error) {
	res, err := b.Client.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

package main

import (
	"errors"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestTheDemoTellsTheSeedsStory(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := startAs(t, []string{"DATA=" + data}, "serve", "--demo", "--data", data)
	p.says(t, "Ctrl-C ends the demo")
	said := p.said.String()
	for _, step := range []string{"#1 ", "#2 ", "#3 ", "#4 ", "#5 ", "#5a", "#6 "} {
		if !strings.Contains(said, "\n"+step) {
			t.Errorf("step %s is not told:\n%s", step, said)
		}
	}
	if n := strings.Count(said, "GET /midpoint/ws/iot/devices/74743827342?key="); n != 1 {
		t.Errorf("the seed's own URL is called %d times", n)
	}
	for who, sees := range map[string]struct{ yes, no string }{
		"homer@simps.net": {"Sector 7-G", ""},
		"bart@simps.net":  {"Sector 7-G", ""},
		"marge@simps.net": {"Living room", "Sector 7-G"},
	} {
		b := newBrowser(t)
		b.signIn(p, who, p.password(t, who))
		text := b.page(p.url("/")) + b.page(p.url("/c")) + b.page(p.url("/devices"))
		if !strings.Contains(text, sees.yes) || sees.no != "" && strings.Contains(text, sees.no) {
			t.Errorf("%s does not see what the story says", who)
		}
	}
	password := p.password(t, "homer@simps.net")
	p.stop(t)

	other := command()
	other.SetArgs([]string{"serve", "--demo", "--provider", "thingspeak", "--data", data})
	if err := other.ExecuteContext(t.Context()); !errors.Is(err, errProvider) {
		t.Errorf("the same thermometers write elsewhere: %v", err)
	}

	again := startAs(t, []string{"DATA=" + data}, "serve", "--demo", "--data", data)
	again.says(t, "Ctrl-C ends the demo")
	b := newBrowser(t)
	b.signIn(again, "homer@simps.net", password)
	if status, _ := b.get(again.url("/devices")); status != http.StatusOK {
		t.Errorf("after a restart: %d", status)
	}
}

// says waits for a sentence.
func (p *process) says(t testing.TB, text string) {
	t.Helper()
	for range 600 {
		if strings.Contains(p.said.String(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("halfkey does not say %q", text)
}

// password is what the demo told about somebody.
func (p *process) password(t testing.TB, email string) string {
	t.Helper()
	m := regexp.MustCompile(regexp.QuoteMeta(email) + ` +(\S+)`).FindStringSubmatch(p.said.String())
	if m == nil {
		t.Fatalf("no password for %s", email)
	}
	return m[1]
}

// log is what was said but the demo's own story.
func (p *process) log() string {
	var lines []string
	for line := range strings.Lines(p.said.String()) {
		if strings.HasPrefix(line, "time=") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

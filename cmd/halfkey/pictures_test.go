package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPictures takes the README's pictures anew from the running demo, when asked with
// HALFKEY_TEST_PICTURES=1.
func TestPictures(t *testing.T) {
	if os.Getenv("HALFKEY_TEST_PICTURES") == "" {
		t.Skip("HALFKEY_TEST_PICTURES is not set")
	}
	data := filepath.Join(t.TempDir(), "data")
	p := startAs(t, []string{"DATA=" + data}, "serve", "--demo", "--data", data)
	p.says(t, "Ctrl-C ends the demo")

	homer := sitDown(t, "Homer", "light", 1280)
	homer.signsIn(p, "homer@simps.net")
	homer.goes(p.url("/"))
	homer.sees("Living room")
	homer.picture("home-1280-light.png")
	homer.goes(p.url("/devices/new"))
	homer.presses("Show the key")
	homer.sees("Listening…")
	thermometer(t, p, "74743827400", regexp.MustCompile(`regkey [0-9A-Z-]{37,}`).FindString(homer.screen()))
	homer.sees("First reading: ")
	homer.picture("arrived-1280-light.png")

	marge := sitDown(t, "Marge", "dark", 390)
	marge.signsIn(p, "marge@simps.net")
	marge.goes(p.url("/c"))
	marge.presses("24 h")
	marge.sees("°C")
	marge.picture("channel-390-dark.png")
}

func (p *person) signsIn(at *process, email string) {
	p.t.Helper()
	p.goes(at.url("/login"))
	p.types("E-mail", email)
	p.types("Password", at.password(p.t, email))
	p.presses("Sign in")
	p.until("to be signed in", `location.pathname !== "/login"`)
}

// picture shows what is on the screen now.
func (p *person) picture(name string) {
	p.t.Helper()
	run[int](p, `document.fonts.ready.then(() => new Promise(r => setTimeout(r, 600))).then(() => 0)`)
	png, err := chromedp.Run(p.tab, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../../docs/pictures", name), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

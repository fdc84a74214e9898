package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// inAddress is the place that the page's address names.
const inAddress = `(new URLSearchParams(location.search).get("org") || "")`

// TestStory goes the seed's whole way: Homer with his browser, a real halfkey-device,
// and Marge with her phone.
func TestStory(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir()}
	setUp(t, settings)
	p := start(t, settings...)
	address := regexp.MustCompile(`http://\S+/i/[A-Za-z0-9_-]+`)

	homer := sitDown(t, "Homer", "light", 1280)
	homer.goes(p.url("/register"))
	homer.types("Organisation", "The Simpsons")
	homer.types("Your name", "Homer Simpson")
	homer.types("E-mail", "homer@simps.net")
	homer.types("Password", "mmm forbidden donut")
	homer.presses("Create organisation")
	homer.sees("Add device")

	homer.goes(p.url("/orgs"))
	for _, place := range []string{"Household", "Power plant"} {
		homer.types("Name", place)
		homer.presses("Create")
		homer.until(place+" in the tree", `!!`+find+`(`+strconv.Quote(place)+`)`) // the form names kinds alike
	}
	homer.goes(p.url("/orgs"))
	homer.presses("Household")
	homer.until("the place in the address", inAddress+` != ""`)
	household := run[string](homer, inAddress)
	homer.goes(p.url("/people?org=" + household))
	homer.types("E-mail", "marge@simps.net")
	homer.presses("Make the link")
	homer.sees("Pass this link on")
	invitation := address.FindString(homer.screen())
	if invitation == "" {
		t.Fatalf("no link:\n%s", homer.screen())
	}

	// Two devices: one at home, one at the plant.
	homer.goes(p.url("/devices/new?org=" + household))
	homer.presses("Show the key")
	homer.sees("Listening…")
	line := regexp.MustCompile(`regkey [0-9A-Z-]{37,}`).FindString(homer.screen())
	if line == "" {
		t.Fatalf("no key to type:\n%s", homer.screen())
	}
	homer.marks()
	thermometer(t, p, "74743827342", line)
	homer.sees("Called with the first half")
	homer.sees("Channel 1")
	homer.sees("Write key sealed and handed over")
	homer.sees("First reading: ")
	if !homer.stayed() {
		t.Error("the page was loaded anew while the device arrived")
	}
	homer.types("What do you call it?", "Living room")
	homer.presses("Done")
	homer.sees("Living room")

	reactor := homer.plantDevice(p)
	thermometer(t, p, "74743827399", reactor)
	homer.sees("First reading: ")

	marge := sitDown(t, "Marge", "dark", 390)
	marge.goes(invitation)
	marge.sees("Household")
	marge.types("Your name", "Marge Simpson")
	marge.types("Choose a password", "blue hair and pearls")
	marge.presses("Accept") // the one click to her chart
	marge.sees("Living room")
	marge.sees("°C")
	marge.until("a drawn chart", `!!document.querySelector("figure canvas, figure svg")`)
	for _, at := range []string{"/", "/c", "/devices", "/people", "/orgs", "/activity", "/k"} {
		marge.goes(p.url(at))
		marge.seesNot("Power plant")
		marge.seesNot("74743827399")
	}
	marge.goes(p.url("/k"))
	marge.presses("Show my read key for Living room")
	marge.until("a read key", `/\b[0-9A-Z]{16}\b/.test(document.body.innerText)`)
	readKey := regexp.MustCompile(`\b[0-9A-Z]{16}\b`).FindString(marge.screen())
	plantDoesNotExist(t, settings, p, marge)

	// Another app reads with it.
	res, err := http.Get("http://" + p.thingspeak + "/channels/" + channelOf(t, settings, "74743827342") + "/feeds/last.json?api_key=" + readKey)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("her read key is answered %v %v", res, err)
	}
	p.stop(t) // with two live pages open
}

// plantDevice opens the add page for Power plant and returns the line to type.
func (p *person) plantDevice(at *process) string {
	p.t.Helper()
	p.goes(at.url("/devices/new"))
	run[bool](p, `(() => { const s = document.querySelector("select[name=org]"); s.value = [...s.options].find(o => o.text.includes("Power plant")).value; return true })()`)
	p.presses("Show the key")
	p.sees("Listening…")
	return regexp.MustCompile(`regkey [0-9A-Z-]{37,}`).FindString(p.screen())
}

// plantDoesNotExist asks for Power plant's things by their addresses, as Marge.
func plantDoesNotExist(t *testing.T, settings []string, p *process, marge *person) {
	t.Helper()
	h := open(t, settings)
	defer h.close()
	var plant, device, channel string
	h.db.Gorm.Raw("SELECT id FROM orgs WHERE name = 'Power plant'").Scan(&plant)
	h.db.Gorm.Raw("SELECT id FROM devices WHERE serial = '74743827399'").Scan(&device)
	h.db.Gorm.Raw("SELECT channel_id FROM devices WHERE serial = '74743827399'").Scan(&channel)
	if plant == "" || device == "" || channel == "" {
		t.Fatal("the story did not get that far")
	}
	for _, at := range []string{"/devices/" + device, "/c/" + channel, "/?org=" + plant, "/devices?org=" + plant, "/people?org=" + plant, "/devices?q=74743827399"} {
		marge.goes(p.url(at))
		marge.seesNot("Power plant")
		status := run[int](marge, `fetch(location.href).then(r => r.status)`)
		if strings.HasPrefix(at, "/devices/") || strings.HasPrefix(at, "/c/") {
			if status != http.StatusNotFound {
				t.Errorf("Marge gets %d at %s", status, at)
			}
		}
	}
}

// thermometer is a real halfkey-device, configured with the line and left running.
func thermometer(t *testing.T, p *process, serial, line string) {
	t.Helper()
	binary, err := deviceBinary()
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), serial+".json")
	typed := append([]string{"configure", "--state", state, "--server", "http://" + p.main, "--serial", serial}, strings.Fields(line)...)
	if out, err := exec.Command(binary, typed...).CombinedOutput(); err != nil {
		t.Fatalf("configure: %v\n%s", err, out)
	}
	c := exec.Command(binary, "run", "--state", state)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := os.Create(state + ".log")
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		said.Close()
		if t.Failed() {
			text, _ := os.ReadFile(said.Name())
			t.Logf("thermometer %s:\n%s", serial, text)
		}
	})
}

func channelOf(t *testing.T, settings []string, serial string) (id string) {
	t.Helper()
	h := open(t, settings)
	defer h.close()
	h.db.Gorm.Raw("SELECT channel_id FROM devices WHERE serial = ?", serial).Scan(&id)
	return id
}

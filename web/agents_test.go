package web_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"halfkey/devices/agents"
	"halfkey/devices/agents/agentstest"
	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// integrator lets Carl work on agents of a place.
func integrator(t *testing.T, s *webtest.Simpsons, org iam.OrgID) *webtest.Browser {
	t.Helper()
	carl := s.Browser(t)
	link := s.Homer.Post(t, "/people/invite", "org", string(org), "email", "carl@simps.net", "role", string(policies.Integrator)).Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	carl.Post(t, link, "name", "Carl", "password", webtest.Password).Wants(t, 303)
	return carl
}

// A pressMachine is a real process with the published client.
type pressMachine struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
}

func startMachine(t *testing.T, config string) *pressMachine {
	t.Helper()
	pair, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "private.key")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(pair)}), 0o600); err != nil {
		t.Fatal(err)
	}
	node := agentstest.Node(t, "testdata/agent.mjs", config, filepath.Join(dir, "state"), key)
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); node.Wait() })
	return &pressMachine{t, in, bufio.NewScanner(out)}
}

func (m *pressMachine) says(step string) string {
	m.t.Helper()
	if _, err := io.WriteString(m.in, step+"\n"); err != nil {
		m.t.Fatal(err)
	}
	for m.out.Scan() {
		if answer, ours := strings.CutPrefix(m.out.Text(), "step: "); ours {
			return answer
		}
	}
	m.t.Fatalf("%s: the client has ended", step)
	return ""
}

func (m *pressMachine) does(step string) {
	m.t.Helper()
	if got := m.says(step); got != "done" {
		m.t.Fatalf("%s: %s", step, got)
	}
}

// downloads lets a tab keep what it downloads in a folder.
func downloads(t *testing.T, tab context.Context) string {
	t.Helper()
	dir := t.TempDir()
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func arrives(t *testing.T, file string) {
	t.Helper()
	for range 200 {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s was never downloaded", filepath.Base(file))
}

// clicks presses the button of a form.
func clicks(t *testing.T, tab context.Context, css string) {
	t.Helper()
	waits(t, tab, `(() => { const e = document.querySelector(`+"`"+css+"`"+`); if (!e) return false; e.click(); return true })()`)
}

func TestAnIntegratorSeesAnAgentComeAboard(t *testing.T) {
	s := furnished(t)
	integrator(t, s, s.Plant)
	tab, base := signedIn(t, s, "carl")
	complaints := uitest.Complaints(t, tab)
	folder := downloads(t, tab)
	if err := chromedp.Do(tab, uitest.As("light", 1280), chromedp.Navigate(base+"/agents"), chromedp.WaitReady(chromedp.CSS("#agents"))); err != nil {
		t.Fatal(err)
	}
	picture(t, tab, "agents-none")
	clicks(t, tab, `#agents a[href^="/agents/new"]`)
	waits(t, tab, `!!document.querySelector("#f-name")`)
	picture(t, tab, "agent-new")
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelector("#f-name").value = "press 7"; 0`)); err != nil {
		t.Fatal(err)
	}
	submits(t, tab, `form[action='/agents']`, "#agent-steps")
	picture(t, tab, "agent-made")
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.body.dataset.same = "yes"; 0`)); err != nil {
		t.Fatal(err)
	}
	says := func(part, text string) {
		t.Helper()
		waits(t, tab, `document.querySelector("`+part+`").innerText.toLowerCase().includes(`+"`"+strings.ToLower(text)+"`"+`)`)
	}
	step := func(n string) {
		t.Helper()
		waits(t, tab, `(document.querySelector("#agent-steps .step-here .step-name")||{innerText:""}).innerText === "`+n+`"`)
	}
	step("Downloaded")
	clicks(t, tab, `#agent-boarding form button`)
	arrives(t, filepath.Join(folder, "press-7.json"))
	step("Handed over")
	says("#agent-boarding", "Download again")

	press := startMachine(t, filepath.Join(folder, "press-7.json"))
	press.does("onboard")
	says("#agent-state", "Onboarded")
	step("Token")
	says("#agent-credentials", "Number 1")
	press.does("configure")
	step("First data")
	says("#agent-points", "DP-Temperature")
	press.does("measure")
	says("#agent-steps", "Its values arrive")
	time.Sleep(1100 * time.Millisecond) // a chart has a point a second
	press.does("measure")
	waits(t, tab, `!!document.querySelector("#readings canvas")`)
	says("#pinned-value", "21.5")
	picture(t, tab, "agent-aboard")
	press.does("rotate")
	says("#agent-credentials", "Number 2")
	same, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.dataset.same || ""`))
	if err != nil || same != "yes" {
		t.Errorf("the page was loaded again: %v", err)
	}

	// Somebody else offboards it, and this page shows that.
	list, err := s.Agents.List(s.AsHomer(t), agents.Query{Size: 1})
	if err != nil || len(list.Agents) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	at := "/agents/" + string(list.Agents[0].ID)
	s.Homer.Post(t, at+"/offboard").Wants(t, 200).Says(t, "Offboard press 7?", "Its credentials end now", "A new initial token")
	says("#agent-state", "Onboarded")
	s.Homer.Post(t, at+"/offboard", "sure", "1").Wants(t, 303)
	says("#agent-state", "Waits for the agent")
	step("Downloaded")
	if got := press.says("measure"); got == "done" {
		t.Error("an offboarded agent still sends")
	}
	if same, _ := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.dataset.same || ""`)); same != "yes" {
		t.Error("the page was loaded again")
	}
	for _, width := range []int64{390, 1280} {
		if err := chromedp.Do(tab, uitest.As("dark", width)); err != nil {
			t.Fatal(err)
		}
		picture(t, tab, "agent-offboarded-dark")
	}
	for name, path := range map[string]string{"agents": "/agents", "agents-many": "/agents/bulk", "agent-points": at + "/points?point=DP-Temperature", "agent-network": at + "/network", "agent": at} {
		look(t, tab, name, base+path)
	}
	for _, c := range complaints() {
		t.Error(c)
	}
}

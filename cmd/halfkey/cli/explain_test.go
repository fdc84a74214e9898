package cli_test

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"halfkey/cmd/halfkey/cli"
	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/webtest"
)

// typed runs what somebody types who is signed in as in a browser.
func typed(t *testing.T, h *webtest.House, b *webtest.Browser, args ...string) string {
	t.Helper()
	root := &cobra.Command{Use: "halfkey", SilenceUsage: true}
	open := func(*cobra.Command) (*http.Client, string, func() error, error) {
		return &b.Client, h.URL, func() error { return nil }, nil
	}
	root.AddCommand(cli.Admin(open)...)
	root.AddCommand(cli.Commands(open)...)
	trail := &cobra.Command{Use: "audit"}
	trail.AddCommand(cli.Trail(open)...)
	root.AddCommand(trail)
	var out bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&out)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

var (
	chain   = regexp.MustCompile(`(?s)<section class="card" id="chain">(.*?)</ol>`)
	element = regexp.MustCompile(`(?s)<span[^>]*>.*?</span>|</h2>|</li>`)
	tags    = regexp.MustCompile(`<[^>]*>`)
)

// onPage is the chain that the page shows.
func onPage(t *testing.T, b *webtest.Browser, query string) (all []string) {
	t.Helper()
	page := b.Get(t, "/why?"+query).Wants(t, 200)
	m := chain.FindStringSubmatch(page.Body)
	if m == nil {
		t.Fatalf("no chain on the page: %s", page.Body)
	}
	for _, s := range element.Split(m[1], -1) {
		if s = strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(s, ""))); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// inAnswer is the chain that the API answers with.
func inAnswer(t *testing.T, h *webtest.House, b *webtest.Browser, query string) []string {
	t.Helper()
	res, err := b.Client.Get(h.URL + "/api/v1/explain?" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct{ Chain []string }
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	return doc.Chain
}

// Whoever asks why hears the same on a page, from the API and at the console.
func TestWhyIsToldTheSameEverywhere(t *testing.T) {
	s := webtest.New(t).Furnish(t)
	homer := s.AsHomer(t)
	_, err := s.Orgs.GiveRole(homer, orgs.RoleRequest{Org: s.Plant, To: "marge@simps.net", Role: "viewer", Until: s.Now().Add(time.Hour), Reason: "a visit"})
	if err != nil {
		t.Fatal(err)
	}
	who := "marge@simps.net"
	same := func(what, org, hint string) {
		t.Helper()
		q := url.Values{"who": {who}, "org": {org}}
		q.Set("what", what)
		page := onPage(t, s.Homer, q.Encode())
		q.Del("what")
		q.Set("action", what)
		answer := inAnswer(t, s.House, s.Homer, q.Encode())
		console := strings.Split(strings.TrimSuffix(typed(t, s.House, s.Homer, "explain", who, what, "--org", org), "\n"), "\n")
		if !slices.Equal(page, answer) || !slices.Equal(answer, console) {
			t.Errorf("page:    %q\nanswer:  %q\nconsole: %q", page, answer, console)
		}
		if len(answer) < 2 || !strings.Contains(strings.Join(answer, " "), hint) {
			t.Errorf("no %q in %q", hint, answer)
		}
	}
	same("device:read", string(s.Household), "p, member, device, read, allow")
	same("device:move", string(s.Household), "does not include it")
	same("device:read", string(s.Tenant), "holds nothing that reaches")

	// What is lent and what is shared, a private place, and a program.
	giving := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var mine iam.AssignmentID
	if err := s.DB.Raw("SELECT id FROM assignments WHERE subject_id = ? AND role = 'owner'", string(s.HomerID)).Row().Scan(&mine); err != nil {
		t.Fatal(err)
	}
	giving(s.Orgs.Lend(homer, orgs.LendRequest{Leans: mine, To: who, Role: "operator", Until: s.Now().Add(time.Hour), Reason: "bowling"}))
	same("device:manage", string(s.Plant), "Homer")
	room, err := s.Orgs.NewOrg(homer, s.Household, "Bart's room", string(orgs.Plain))
	giving(room, err)
	private := true
	_, err = s.Orgs.Settle(homer, room.ID, orgs.Settings{Private: &private}, orgs.With{})
	giving(nil, err)
	same("device:read", string(room.ID), "private")
	giving(s.Orgs.Share(homer, orgs.ShareRequest{Org: room.ID, To: who, Role: "viewer"}))
	same("device:read", string(room.ID), "p, viewer, device, read, allow")
	bot, err := s.Machines.NewService(homer, s.Household, "Bot", "")
	giving(bot, err)
	giving(s.Machines.GiveServiceRole(homer, bot.ID, "viewer", s.Household))
	who = string(bot.ID)
	same("device:read", string(s.Household), "p, viewer, device, read, allow")
	same("device:manage", string(s.Household), "does not include it")
	who = "marge@simps.net"
	s.Clock.Turn(2 * time.Hour)
	same("device:read", string(s.Plant), "Its time is over")
	if err := s.Orgs.Suspend(homer, s.Household, orgs.With{}); err != nil {
		t.Fatal(err)
	}
	same("device:read", string(s.Household), "Household is closed")
}

package web_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"halfkey/devices/seal"
	"halfkey/devices/wire"
	"halfkey/orgs"
	"halfkey/web/webtest"
)

// knock registers with a key whose owner wants to be asked; the device waits.
func knock(t *testing.T, s *webtest.Simpsons, serial string) {
	t.Helper()
	k, err := s.Orgs.IssueKey(s.AsHomer(t), orgs.KeyRequest{Org: s.Plant, Label: "Reactor wing", Boarding: orgs.BoardApprove})
	if err != nil {
		t.Fatal(err)
	}
	first, second, err := s.Orgs.RevealKey(s.AsHomer(t), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.Derive(first.Reveal(), second.Reveal())
	token := wire.Registration{First: first.Reveal(), Serial: wire.Serial(serial), Nonce: wire.NewNonce()}.Sign(keys.Auth[:])
	res, err := http.Post(s.URL+"/v1/devices/"+serial+"/registrations", "application/jwt", bytes.NewReader(token))
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusAccepted {
		t.Fatalf("the stranger hears %d", res.StatusCode)
	}
}

func TestAStrangerWaitsForTheOwnersWord(t *testing.T) {
	s := furnished(t)
	lines := listen(t, s.Homer, s.URL+"/events?page=home")
	hears(t, lines, "event: needs-you")
	knock(t, s, "74743827399")
	hears(t, lines, "74743827399")
	home := s.Homer.Get(t, "/").Wants(t, 200).Says(t, "An unknown device knows your key", "74743827399", "Power plant")
	accept := home.Find(t, `action="(/pending/[0-9a-z]+/accept)"`)
	s.Homer.Get(t, "/pending").Wants(t, 200).Says(t, "74743827399", "Reactor wing")
	s.Marge.Post(t, accept).Wants(t, 404)
	refuse := strings.Replace(accept, "/accept", "/refuse", 1)
	s.Homer.Post(t, refuse, "back", "//evil.example").Wants(t, 303)
	s.Homer.Get(t, "/pending").Wants(t, 200).Says(t, "No strangers", "Turned away", "Let it ask again")
	s.Homer.Post(t, accept).Wants(t, 409).Says(t, "Somebody else has answered")
	s.Homer.Post(t, strings.Replace(accept, "/accept", "/lift", 1)).Wants(t, 303)
	s.Homer.Get(t, "/activity?q=74743827399").Wants(t, 200).Says(t, "refused serial", "ask again")
}

func TestTheRarePagesAreFitToo(t *testing.T) {
	h := webtest.New(t)
	tab, base := browsing(t, h)
	look(t, tab, "setup", base+"/setup?code=x")
	s := h.Furnish(t)
	knock(t, s, "74743827399")
	link := s.Homer.Post(t, "/people/invite", "org", string(s.Household), "email", "bart@simps.net", "role", "member").Find(t, `(/i/[A-Za-z0-9_-]+)`)
	look(t, tab, "invitation", base+link)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	signIn(t, tab, base, "homer")
	look(t, tab, "asked", base+"/?org="+string(s.Tenant))
	look(t, tab, "pending-asked", base+"/pending")
	look(t, tab, "people-invited", base+"/people")
	look(t, tab, "move", base+"/devices/"+string(d.ID)+"/move?to="+string(s.Plant))
	look(t, tab, "waiting", base+"/devices/"+string(d.ID))
	submits(t, tab, "form[action$='/read-key']", ".revealed")
	picture(t, tab, "read-key-shown")
	look(t, tab, "problem", base+"/problems/refused")
}

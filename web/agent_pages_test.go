package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"halfkey/devices/agents"
	"halfkey/web/webtest"
)

// boardingIn is the boarding configuration that came as a file.
func boardingIn(t *testing.T, text string) (id, initial string) {
	t.Helper()
	var c struct {
		Content struct{ ClientID, IAT string }
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Content.IAT == "" {
		t.Fatalf("%v: %s", err, text)
	}
	return c.Content.ClientID, c.Content.IAT
}

// unpacked is the files of a zip.
func unpacked(t *testing.T, body string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := out.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		all[f.Name] = out.String()
	}
	return all
}

func TestABoardingConfigurationIsHandedOutOnce(t *testing.T) {
	s := furnished(t)
	carl := integrator(t, s, s.Plant)
	carl.Post(t, "/agents", "name", " ", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 422).Says(t, "Use 1 to 80")
	carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_4096", "org", string(s.Plant)).Wants(t, 422)
	carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Household)).Wants(t, 404)
	at := carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303).Header.Get("Location")
	carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 422).Says(t, "with this name already")
	page := carl.Get(t, at).Wants(t, 200).Says(t, "Download boarding configuration", "openssl genrsa -traditional")
	first := carl.Post(t, at+"/boarding").Wants(t, 200)
	_, old := boardingIn(t, first.Body)
	page.Silent(t, old)
	carl.Get(t, at).Says(t, "Download again").Silent(t, old)
	carl.Post(t, at+"/boarding").Wants(t, 200).Says(t, "Make a new initial token").Silent(t, old)
	_, next := boardingIn(t, carl.Post(t, at+"/boarding", "sure", "1").Wants(t, 200).Body)
	if next == old {
		t.Error("the same initial token again")
	}
	carl.Post(t, at+"/network", "name-0", "eth0", "address-0", "192.168.0.7").Wants(t, 422).Says(t, "not complete", "192.168.0.7")
	carl.Post(t, at+"/network", "name-0", "eth0", "dhcp-0", "on").Wants(t, 303)
	files := unpacked(t, carl.Post(t, at+"/boarding", "sure", "1").Wants(t, 200).Body)
	if boardingIn(t, files["press-7.json"]); !strings.Contains(files["network.json"], "eth0") {
		t.Errorf("%v", files)
	}
	carl.Post(t, at+"/network").Wants(t, 303) // no interface, no profile
	carl.Get(t, at).Says(t, "finds the network by itself")
	carl.Post(t, at, "name", "press 8", "profile", "SHARED_SECRET").Wants(t, 303)
	carl.Get(t, at).Says(t, "press 8", "SHARED_SECRET", "Download boarding configuration")
	carl.Post(t, at+"/remove").Wants(t, 200).Says(t, "Delete press 8?")
	carl.Post(t, at+"/remove", "sure", "1").Wants(t, 303)
	carl.Get(t, at).Wants(t, 404)
}

func TestWhoMayNotMakeAgentsNeitherSeesNorChangesThem(t *testing.T) {
	s := furnished(t)
	carl := integrator(t, s, s.Plant)
	at := carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303).Header.Get("Location")
	s.Marge.Get(t, at).Wants(t, 404)
	s.Marge.Get(t, "/agents/new").Wants(t, 403)
	for _, path := range []string{"", "/boarding", "/offboard", "/remove", "/points", "/points/remove", "/network"} {
		s.Marge.Post(t, at+path, "sure", "1").Wants(t, 404)
		carl.Foreign(t, at+path, "sure", "1").Wants(t, 403)
	}
	bart := s.Browser(t)
	link := s.Homer.Post(t, "/people/invite", "org", string(s.Plant), "email", "bart@simps.net", "role", "viewer").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	bart.Post(t, link, "name", "Bart", "password", webtest.Password).Wants(t, 303)
	bart.Get(t, at).Wants(t, 200).Says(t, "press 7", "Who manages agents here").Silent(t, "Download boarding", "Delete agent", at+"/points")
	for _, path := range []string{"", "/boarding", "/offboard", "/remove", "/points", "/network"} {
		if p := bart.Post(t, at+path, "sure", "1", "etag", "0", "name", "mine", "source", "mine", "type", "INT"); p.Status != 403 {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	for _, path := range []string{"/points", "/network"} {
		bart.Get(t, at+path).Wants(t, 403)
	}
	s.Clock.Turn(11 * time.Minute) // his proof is old
	carl.Post(t, at+"/boarding").Wants(t, 403).Silent(t, "clientCredentialProfile")
}

func TestPointsAreAddedChangedAndRemoved(t *testing.T) {
	s := furnished(t)
	carl := integrator(t, s, s.Plant)
	at := carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303).Header.Get("Location")
	add := func(etag string, kv ...string) webtest.Page {
		return carl.Post(t, at+"/points", append([]string{"etag", etag, "source", "Press", "type", "DOUBLE"}, kv...)...)
	}
	add("0", "name", "Temperature", "unit", "°C", "id", "DP-Temperature").Wants(t, 303)
	add("0", "name", "Running", "id", "DP-Running").Wants(t, 409).Says(t, "Somebody changed the points meanwhile", `value="Running"`)
	add("1", "name", "Other", "id", "DP-Temperature").Wants(t, 422).Says(t, "no other point of this agent has it")
	add("1", "name", "", "id", "DP-2").Wants(t, 422).Says(t, "name has 1 to 255 bytes")
	add("1", "name", "Running", "type", "BOOLEAN").Wants(t, 303)
	carl.Get(t, at+"/points?point=DP-Temperature").Wants(t, 200).Says(t, `value="Temperature"`, `name="was" value="DP-Temperature"`)
	add("2", "was", "DP-Temperature", "name", "Oil", "unit", "K", "id", "DP-Oil", "source", "Tank").Wants(t, 303)
	carl.Get(t, at).Says(t, "Tank", "Oil", "DP-Oil").Silent(t, "DP-Temperature")
	carl.Post(t, at+"/points/remove", "etag", "2", "point", "DP-Oil").Wants(t, 409)
	carl.Post(t, at+"/points/remove", "etag", "3", "point", "DP-Oil").Wants(t, 303)
	carl.Get(t, at).Says(t, "Running").Silent(t, "Tank")
}

func TestManyAgentsAreMadeOrNone(t *testing.T) {
	s := furnished(t)
	carl := integrator(t, s, s.Plant)
	org := string(s.Plant)
	count := func() int {
		t.Helper()
		p, err := s.Agents.List(s.AsHomer(t), agents.Query{Size: 1})
		if err != nil {
			t.Fatal(err)
		}
		return p.Total
	}
	const list = "name,profile\npress 1,RSA_3072\npress 1\nbrewer,RSA\nkettle,SHARED_SECRET,Household\nfeeder"
	for _, path := range []string{"/agents/bulk", "/agents/bulk/create"} {
		carl.Post(t, path, "org", org, "list", list).Says(t, "Line 3, column 1: There is an agent with this name", "Line 4, column 2: The security profile", "Line 5, column 3: There is no place")
	}
	if count() != 0 {
		t.Fatal("some were made")
	}
	files := unpacked(t, carl.Post(t, "/agents/bulk/create", "org", org, "list", list, "good", "1").Wants(t, 200).Body)
	if len(files) != 2 || files["press-1.json"] == "" || files["feeder.json"] == "" || count() != 2 {
		t.Errorf("%d files, %d agents", len(files), count())
	}
	for _, text := range files {
		boardingIn(t, text)
	}
	long := strings.Repeat("press\n", agents.AtOnce+1)
	carl.Post(t, "/agents/bulk/create", "org", org, "list", long).Wants(t, 422).Says(t, "at most 500")

	// A tenant with a size has so much room and no more.
	if err := s.DB.Exec("INSERT INTO agent_terms (tenant_id, size, alg, token_seconds, replays, changed_at) VALUES (?, 'XXS', 'ES256', 3600, ?, 1)", string(s.Tenant), false).Error; err != nil {
		t.Fatal(err)
	}
	bump(t, s)
	carl.Get(t, "/agents").Says(t, "2 of 2 agents of size XXS")
	carl.Post(t, "/agents", "name", "one more", "profile", "RSA_3072", "org", org).Wants(t, 422).Says(t, "has room for")
	carl.Post(t, "/agents/bulk", "org", org, "list", "one more").Says(t, "Line 1: There are as many agents")
}

// bump makes everybody read anew what was remembered.
func bump(t *testing.T, s *webtest.Simpsons) {
	t.Helper()
	if err := s.Decider.Bump(s.DB); err != nil {
		t.Fatal(err)
	}
	time.Sleep(600 * time.Millisecond) // what is known of versions may be half a second old
}

func TestTheListPicksAgentsByStage(t *testing.T) {
	s := furnished(t)
	carl := integrator(t, s, s.Plant)
	carl.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303)
	carl.Get(t, "/agents").Wants(t, 200).Says(t, "press 7", "6 d 2", "Waits for the agent")
	carl.Get(t, "/agents?q=PRESS&stage=waiting").Says(t, "press 7</a>")
	carl.Get(t, "/agents?stage=aboard").Says(t, "No agent is like that")
	carl.Get(t, "/agents?q=%25").Says(t, "No agent is like that")
	s.Clock.Turn(7*24*time.Hour - time.Minute)
	s.Clock.Turn(2 * time.Minute)
	list, err := s.Agents.List(s.AsHomer(t), agents.Query{Stage: agents.Late, Size: 5})
	if err != nil || list.Total != 1 || list.Agents[0].Stage(s.Now()) != agents.Late {
		t.Errorf("%+v %v", list, err)
	}
}

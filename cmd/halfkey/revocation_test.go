package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/policies"
)

// What ends at one replica opens nothing there after a second, and nothing at the
// other after two.
const (
	hereWithin  = time.Second
	thereWithin = 2 * time.Second
)

// A loser is somebody who reads a channel by all that he has, and is about to lose it.
type loser struct {
	*browser
	id     iam.UserID
	token  string // for the API; "" for somebody whom only pages serve
	reads  string // his read key; "" for none
	embeds string // of a chart that stands on another page; "" for none
	scim   bool   // his token is a directory's
}

// town is The Simpsons on two halfkeys with one thermometer.
type town struct {
	*testing.T
	h       *house // a third, through which things are prepared
	a, b    *process
	homer   context.Context
	asHomer string // his token
	org     iam.OrgID
	device  iam.DeviceID
	channel string
}

func newTown(t *testing.T) *town {
	settings := []string{"DATA=" + t.TempDir(), "DATABASE=" + database(t)}
	home := found(t, settings)
	w := &town{T: t, h: open(t, settings), a: start(t, settings...), b: start(t, settings...)}
	device, err := newCaller(home.key)
	w.ok(err)
	got, err := device.register(w.a.main, "74743827342")
	w.ok(err)
	_, err = device.write(w.a.thingspeak, got.Channel.WriteKey, "21.4")
	w.ok(err)
	w.channel = got.Channel.ID
	var id string
	w.ok(w.h.db.Gorm.Raw("SELECT id FROM users WHERE email = 'homer@simps.net'").Scan(&id).Error)
	w.ok(w.h.db.Gorm.Raw("SELECT id FROM orgs WHERE kind = 'tenant'").Scan(&w.org).Error)
	w.ok(w.h.db.Gorm.Raw("SELECT id FROM devices").Scan(&w.device).Error)
	w.homer = acting(t.Context(), iam.UserID(id), "Homer")
	w.asHomer = w.tokenOf(w.homer)
	return w
}

func acting(ctx context.Context, id iam.UserID, name string) context.Context {
	return audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(id), Name: name})
}

func (w *town) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *town) tokenOf(who context.Context) string {
	w.Helper()
	token, _, err := w.h.machines.NewOwnToken(who, orgs.OwnTokenRequest{Label: "script", NotAfter: time.Now().Add(time.Hour)})
	w.ok(err)
	return token.Reveal()
}

// joins lets somebody in by invitation.
func (w *town) joins(name string, role policies.Role) *loser {
	w.Helper()
	link, _, err := w.h.orgs.Invite(w.homer, w.org, name+"@simps.net", string(role))
	w.ok(err)
	l := &loser{browser: newBrowser(w)}
	if status, text := l.post(w.a.url("/i/"+link.Reveal()), url.Values{"name": {name}, "password": {"mmm forbidden donut"}}); status != http.StatusOK {
		w.Fatalf("%s is not let in: %d\n%s", name, status, text)
	}
	u, err := w.h.users.ByEmail(w.Context(), iam.Email(name+"@simps.net"))
	w.ok(err)
	l.id, l.token = u.ID, w.tokenOf(acting(w.Context(), u.ID, name))
	return l
}

// neighbour founds a place of his own next door.
func (w *town) neighbour(name string) *loser {
	w.Helper()
	f, err := w.h.orgs.Found(w.Context(), orgs.FoundRequest{Organisation: "House of " + name, Name: name, Email: name + "@next.net", Password: vault.Secret("mmm forbidden donut")})
	w.ok(err)
	l := &loser{browser: newBrowser(w), id: f.User, token: w.tokenOf(acting(w.Context(), f.User, name))}
	l.signIn(w.a, name+"@next.net", "mmm forbidden donut")
	return l
}

// role is the one that somebody holds in the town.
func (w *town) role(l *loser) (id iam.AssignmentID) {
	w.Helper()
	w.ok(w.h.db.Gorm.Raw("SELECT id FROM assignments WHERE subject_id = ? AND tenant_id = ? AND ended_at IS NULL", string(l.id), string(w.org)).Scan(&id).Error)
	return id
}

// does is a deed by the API of one replica.
func (w *town) does(token, method, path, body string) {
	w.Helper()
	if status, text := w.ask(token, method, w.a.url("/api/v1"+path), body); status/100 != 2 {
		w.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

func (w *town) ask(token, method, at, body string) (int, string) {
	r, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// ways is all by which somebody reads the channel at one replica: each tells
// whether it still does.
func (w *town) ways(l *loser, p *process) map[string]func() bool {
	ways := map[string]func() bool{}
	for _, page := range []string{"/c/" + w.channel, "/c/" + w.channel + "/data"} {
		if l.browser != nil {
			ways["page "+page] = func() bool {
				res, err := l.client.Get(p.url(page))
				if err != nil {
					return false
				}
				res.Body.Close()
				return res.StatusCode == http.StatusOK && res.Request.URL.Path == page
			}
		}
	}
	if l.token != "" {
		for _, path := range []string{"/devices/" + string(w.device), "/channels/" + w.channel + "/feed"} {
			ways["API "+path] = func() bool {
				status, _ := w.ask(l.token, "GET", p.url("/api/v1"+path), "")
				return status == http.StatusOK
			}
		}
	}
	if l.reads != "" {
		ways["read key"] = func() bool {
			status, _ := w.ask("", "GET", "http://"+p.thingspeak+"/channels/"+w.channel+"/feeds.json?api_key="+l.reads, "")
			return status == http.StatusOK
		}
	}
	if l.embeds != "" {
		ways["embedded chart"] = func() bool {
			status, _ := w.ask("", "GET", p.url("/embed/"+l.embeds+"/data"), "")
			return status == http.StatusOK
		}
	}
	if l.scim {
		ways["SCIM"] = func() bool {
			status, _ := w.ask(l.token, "GET", p.url("/scim/v2/Users"), "")
			return status == http.StatusOK
		}
	}
	if l.browser != nil {
		s := l.listen(p, "/events?page=channels&id="+w.channel)
		ways["open page"] = func() bool { return s.goesOn() }
	}
	return ways
}

// goesOn is false once the stream has ended, or has sent its page away.
func (s *stream) goesOn() bool {
	for {
		select {
		case line, open := <-s.lines:
			if !open || line == "event: go" {
				return false
			}
		default:
			return true
		}
	}
}

// loses sees that somebody reads by everything he has until moment, which end
// brings about, and by nothing soon after.
func (w *town) loses(name string, l *loser, end func() time.Time) {
	w.Run(name, func(t *testing.T) {
		w := *w
		w.T = t
		if l.browser != nil {
			l.t = t
		}
		type way struct {
			name   string
			reads  func() bool
			within time.Duration
		}
		var all []way
		for p, within := range map[*process]time.Duration{w.a: hereWithin, w.b: thereWithin} {
			where := map[time.Duration]string{hereWithin: "here", thereWithin: "at the other"}[within]
			for name, reads := range w.ways(l, p) {
				if !reads() {
					t.Fatalf("%s, %s: nothing is read to begin with", name, where)
				}
				all = append(all, way{name + ", " + where, reads, within})
			}
		}
		moment := end()
		said := make(chan string, len(all))
		for _, one := range all {
			go func() {
				for one.reads() {
					if late := time.Since(moment); late > 10*time.Second {
						said <- one.name + " reads still"
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
				if took := time.Since(moment); took > one.within {
					said <- fmt.Sprintf("%s reads %v longer", one.name, took)
					return
				}
				said <- ""
			}()
		}
		for range all {
			if wrong := <-said; wrong != "" {
				t.Error(wrong)
			}
		}
		for _, one := range all {
			if one.name[:4] != "open" && one.reads() {
				t.Errorf("%s reads again", one.name)
			}
		}
	})
}

// at is a deed that holds from when it was answered.
func at(deed func()) func() time.Time {
	return func() time.Time { deed(); return time.Now() }
}

func TestWhatEndsIsRefusedEverywhere(t *testing.T) {
	w := newTown(t)

	marge := w.joins("marge", policies.Member)
	key, err := w.h.devices.RevealReadKey(acting(t.Context(), marge.id, "Marge"), w.device)
	w.ok(err)
	marge.reads = key.Reveal()
	w.loses("a person who is switched off", marge, at(func() { w.does(w.asHomer, "POST", "/people/"+string(marge.id)+"/disable", "") }))

	lisa := w.joins("lisa", policies.Member)
	key, err = w.h.devices.RevealReadKey(acting(t.Context(), lisa.id, "Lisa"), w.device)
	w.ok(err)
	lisa.reads = key.Reveal()
	w.loses("a role that is ended", lisa, at(func() { w.does(w.asHomer, "DELETE", "/roles/"+string(w.role(lisa)), "") }))

	maggie := w.joins("maggie", policies.Viewer)
	w.loses("a role that is over by its date", maggie, func() time.Time {
		over := time.Now().Add(1500 * time.Millisecond)
		w.does(w.asHomer, "PATCH", "/roles/"+string(w.role(maggie)), `{"until":"`+over.UTC().Format(time.RFC3339Nano)+`"}`)
		time.Sleep(time.Until(over) - 100*time.Millisecond)
		if status, _ := w.ask(maggie.token, "GET", w.b.url("/api/v1/devices/"+string(w.device)), ""); status != http.StatusOK {
			t.Errorf("refused before its time: %d", status)
		}
		time.Sleep(time.Until(over))
		return over
	})

	moe := w.neighbour("moe")
	shared, err := w.h.orgs.Share(w.homer, orgs.ShareRequest{Device: w.device, To: "moe@next.net", Role: "member"})
	w.ok(err)
	w.ok(w.h.orgs.AcceptAs(acting(t.Context(), moe.id, "Moe"), shared.Token.Reveal()))
	w.loses("a share that is ended", moe, at(func() { w.does(w.asHomer, "DELETE", "/shares/"+string(w.role(moe)), "") }))

	bart, ned := w.joins("bart", policies.Manager), w.neighbour("ned")
	lent, err := w.h.orgs.Lend(acting(t.Context(), bart.id, "Bart"), orgs.LendRequest{Leans: w.role(bart), To: "ned@next.net", Role: "viewer", Until: time.Now().Add(time.Hour)})
	w.ok(err)
	w.ok(w.h.orgs.AcceptAs(acting(t.Context(), ned.id, "Ned"), lent.Token.Reveal()))
	w.loses("a deputy whose lender's role is ended", ned, at(func() { w.does(w.asHomer, "DELETE", "/roles/"+string(w.role(bart)), "") }))

	milhouse := w.joins("milhouse", policies.Viewer)
	made, _ := w.h.machines.OwnTokens(acting(t.Context(), milhouse.id, "Milhouse"))
	w.loses("a token that is revoked", &loser{token: milhouse.token}, at(func() { w.does(milhouse.token, "DELETE", "/me/tokens/"+string(made[0].ID), "") }))

	smithers := w.joins("smithers", policies.Support)
	smithers.token = ""
	smithers.looksAs(w, milhouse)
	w.loses("a look through another's eyes that is ended", smithers, at(func() { smithers.post(w.a.url("/look/end"), url.Values{}) }))
	smithers.looksAs(w, milhouse)
	w.loses("a look by somebody who may look no more", smithers, at(func() { w.does(w.asHomer, "DELETE", "/roles/"+string(w.role(smithers)), "") }))
}

// directory is a service account of the whole tenant, made by who, with its token.
func (w *town) directory(who context.Context) (l *loser, at string) {
	w.Helper()
	a, err := w.h.machines.NewService(who, w.org, "Directory", "")
	w.ok(err)
	_, err = w.h.machines.GiveServiceRole(who, a.ID, string(policies.Manager), w.org)
	w.ok(err)
	secret, token, err := w.h.machines.NewServiceToken(who, a.ID, "first", time.Time{}, time.Now().Add(time.Hour))
	w.ok(err)
	return &loser{token: secret.Reveal(), scim: true}, "/services/" + string(a.ID) + "/tokens/" + string(token.ID)
}

func TestWhatWasHandedOutIsRefusedEverywhere(t *testing.T) {
	w := newTown(t)
	homer := newBrowser(t)
	homer.signIn(w.a, "homer@simps.net", "mmm forbidden donut")
	id := func(query string, args ...any) (id string) {
		w.ok(w.h.db.Gorm.Raw(query, args...).Scan(&id).Error)
		return id
	}
	presses := func(path string) func() time.Time {
		return at(func() {
			if status, text := homer.post(w.a.url(path), url.Values{"sure": {"1"}}); status != http.StatusOK {
				t.Errorf("%s: %d %s", path, status, text)
			}
		})
	}

	_, embed, err := w.h.devices.MakeEmbed(w.homer, w.device, "Blog", "24h")
	w.ok(err)
	w.loses("a chart on another page", &loser{embeds: embed.Reveal()}, presses("/c/"+w.channel+"/embeds/"+id("SELECT id FROM embeds")+"/end"))

	_, named, err := w.h.devices.AddReadKey(w.homer, w.device, "Grafana")
	w.ok(err)
	w.loses("a read key with a name", &loser{reads: named.Reveal()}, presses("/devices/"+string(w.device)+"/read-keys/"+id("SELECT id FROM channel_keys WHERE label = 'Grafana'")+"/revoke"))

	selma := w.joins("selma", policies.Member)
	selma.token = ""
	elsewhere := newBrowser(t)
	elsewhere.signIn(w.a, "selma@simps.net", "mmm forbidden donut")
	w.loses("a session that its owner ended from another", selma, at(func() { elsewhere.post(w.a.url("/me/sessions/end-others"), url.Values{}) }))

	directory, token := w.directory(w.homer)
	w.loses("a directory whose token is revoked", directory, at(func() { w.does(w.asHomer, "DELETE", token, "") }))
	patty := w.joins("patty", policies.Owner)
	hers, _ := w.directory(acting(t.Context(), patty.id, "Patty"))
	w.loses("a directory whose owner is switched off", hers, at(func() { w.does(w.asHomer, "POST", "/people/"+string(patty.id)+"/disable", "") }))

	// And everything at once, when the whole organisation is closed.
	bart := w.joins("bart", policies.Member)
	key, err := w.h.devices.RevealReadKey(acting(t.Context(), bart.id, "Bart"), w.device)
	w.ok(err)
	_, embed, err = w.h.devices.MakeEmbed(w.homer, w.device, "Blog", "24h")
	w.ok(err)
	bart.reads, bart.embeds = key.Reveal(), embed.Reveal()
	last, _ := w.directory(w.homer)
	frink := acting(t.Context(), iam.UserID(id("SELECT id FROM users WHERE email = 'frink@simps.net'")), "Frink")
	closes := at(func() { w.ok(w.h.orgs.Suspend(frink, w.org, orgs.With{})) })
	w.loses("an organisation that is suspended", bart, closes)
	for _, p := range []*process{w.a, w.b} {
		for name, reads := range w.ways(last, p) {
			if reads() {
				t.Errorf("a directory of a suspended organisation goes on by %s", name)
			}
		}
	}
}

// looksAs begins to look through another's eyes.
func (l *loser) looksAs(w *town, whom *loser) {
	w.Helper()
	status, text := l.post(w.a.url("/people/"+string(whom.id)+"/look"), url.Values{"reason": {"The chart is empty"}, "org": {string(w.org)}})
	if status != http.StatusOK || !regexp.MustCompile(`action="/look/end"`).MatchString(text) {
		w.Fatalf("nobody looks: %d\n%s", status, text)
	}
	for range 100 { // the other hears of it a moment later
		if status, _ := l.get(w.b.url("/c/" + w.channel)); status == http.StatusOK {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

package web_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/devices/files"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/token"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web"
	"halfkey/web/webtest"
)

// A town is a house in which everybody who could come stands before the doors,
// and in which there is one of everything in every place.
type town struct {
	*webtest.Simpsons
	*held
	doors   *echo.Echo
	homer   context.Context // owns The Simpsons
	ned     context.Context // owns The Flanders
	nedsOwn iam.OrgID
	places  map[string]map[string]string // by what they are: what is there, by what it is
	callers map[string]*stander
	serial  int
	names   int
}

// stander stands before the doors.
type stander struct {
	id     iam.UserID
	cookie []*http.Cookie
	bearer string
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, h := hold(t)
	w := &town{Simpsons: webtest.On(t, db, slog.DiscardHandler).Furnish(t), held: h, places: map[string]map[string]string{}, callers: map[string]*stander{}}
	w.Keys = &token.Keys{DB: w.DB, Vault: w.Orgs.Vault, Now: w.Now}
	w.Agents = &agents.Service{DB: w.DB, Vault: w.Orgs.Vault, Decider: w.Decider, Orgs: w.Orgs, Devices: w.Devices, Channels: w.Channels, Keys: w.Keys,
		Files: files.Store{Dir: t.TempDir()}, Limits: limit.New(nil, w.Now), Trail: w.Devices.Trail, BaseURL: func(context.Context) string { return w.URL }, Now: w.Now, Log: w.Log}
	w.doors = web.New(w.Rooms)
	w.homer = w.AsHomer(t)
	flanders := w.Browser(t)
	flanders.Post(t, "/register", "organisation", "The Flanders", "name", "Ned", "email", "ned@flanders.net", "password", webtest.Password).Wants(t, 303)
	ned, err := w.Users.ByEmail(t.Context(), "ned@flanders.net")
	w.must(t, err)
	w.ned, w.nedsOwn = audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: string(ned.ID), Name: "Ned"}), ned.Home
	parent := w.lay(t, w.homer, "parent", w.Tenant)
	own := w.lay(t, w.homer, "own", parent)
	w.lay(t, w.homer, "child", own)
	private := true
	_, err = w.Orgs.Settle(w.homer, w.lay(t, w.homer, "private", own), orgs.Settings{Private: &private}, orgs.With{})
	w.must(t, err)
	w.lay(t, w.homer, "sibling", parent)
	for _, name := range []string{"expired", "suspended", "deputy"} {
		w.lay(t, w.homer, name, w.Tenant)
	}
	for _, name := range []string{"tenant", "shared"} {
		w.lay(t, w.ned, name, w.nedsOwn)
	}
	return w
}

func (w *town) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lay makes a place with one of everything in it.
func (w *town) lay(t *testing.T, ctx context.Context, name string, above iam.OrgID) iam.OrgID {
	t.Helper()
	o, err := w.Orgs.NewOrg(ctx, above, placeMark(name), string(orgs.Plain))
	w.must(t, err)
	there := map[string]string{"org": string(o.ID), "org_name": o.Name, "top": string(o.Tenant)}
	w.places[name] = there
	connector, err := w.Orgs.Connectors.Add(ctx, w.DB, o.Tenant, o.ID, channels.Provider, mark(name)+" store")
	w.must(t, err)
	there["connector"] = string(connector)
	open, err := w.Orgs.EnsureKey(ctx, o.ID)
	w.must(t, err)
	there["serial"] = w.call(t, ctx, open.ID)
	there["device"] = w.one(t, "SELECT id FROM devices WHERE serial = ?", there["serial"])
	w.must(t, w.Devices.Rename(ctx, iam.DeviceID(there["device"]), deviceMark(name)))
	there["channel"] = w.one(t, "SELECT channel_id FROM devices WHERE id = ?", there["device"])
	sketch, err := w.Devices.MakeManual(ctx, devices.Sketch{Org: o.ID, Name: deviceMark(name) + " sketch", Kind: connectors.Thermometer})
	w.must(t, err)
	there["manual"] = string(sketch.ID)
	careful, err := w.Orgs.IssueKey(ctx, orgs.KeyRequest{Org: o.ID, Label: mark(name) + " key", Boarding: orgs.BoardApprove})
	w.must(t, err)
	there["key"] = string(careful.ID)
	there["pending"] = w.one(t, "SELECT id FROM join_requests WHERE serial = ?", w.call(t, ctx, careful.ID))
	accounts := orgs.AccountKeys{Orgs: w.Orgs, Store: w.Channels}
	_, _, err = accounts.Make(ctx, o.ID)
	w.must(t, err)
	keys, err := accounts.List(ctx, o.ID)
	w.must(t, err)
	there["account_key"] = string(keys[0].ID)
	team, err := w.Orgs.NewOrg(ctx, o.ID, mark(name)+" team", string(orgs.Team))
	w.must(t, err)
	there["team"] = string(team.ID)
	w.trade(t, ctx, o.Tenant, there)
	w.tell(t, ctx, o.ID, there)
	w.people(t, ctx, o, name, there)
	w.programs(t, ctx, o.ID, name, there)
	return o.ID
}

// trade is what passes between the tenants: a device of the place is offered to
// the other, one of the other's to this.
func (w *town) trade(t *testing.T, ctx context.Context, mine iam.OrgID, there map[string]string) {
	t.Helper()
	other, others := w.nedsOwn, w.ned
	if mine == w.nedsOwn {
		other, others = w.Tenant, w.homer
	}
	there["other"] = string(other)
	bundle, err := w.Orgs.MakeCustomRole(ctx, mine, "Guard "+iam.NewID(), []string{string(policies.SetView)})
	w.must(t, err)
	there["bundle"] = strings.TrimPrefix(string(bundle.Role), "custom:")
	offer := func(ctx context.Context, from, to iam.OrgID) string {
		key, err := w.Orgs.IssueKey(ctx, orgs.KeyRequest{Org: from, Label: "For sale", Boarding: orgs.BoardAuto})
		w.must(t, err)
		device := w.one(t, "SELECT id FROM devices WHERE serial = ?", w.call(t, ctx, key.ID))
		id, err := w.Devices.OfferTransfer(ctx, iam.DeviceID(device), string(to), orgs.With{})
		w.must(t, err)
		return string(id)
	}
	there["transfer"] = offer(ctx, iam.OrgID(there["org"]), other)
	there["incoming"] = offer(others, other, mine)
}

// tell gives away what a place has to say: to a program that has a read key, to
// another page, to a webhook. Who made them owns the place.
func (w *town) tell(t *testing.T, ctx context.Context, org iam.OrgID, there map[string]string) {
	t.Helper()
	device := iam.DeviceID(there["device"])
	_, _, err := w.Devices.AddReadKey(ctx, device, "Grafana")
	w.must(t, err)
	there["read_key"] = w.one(t, "SELECT id FROM channel_keys WHERE channel_id = ? AND label = 'Grafana'", there["channel"])
	_, token, err := w.Devices.MakeEmbed(ctx, device, "Blog", "24h")
	w.must(t, err)
	there["embed"], there["embed_token"] = w.one(t, "SELECT id FROM embeds WHERE device_id = ?", there["device"]), token.Reveal()
	_, _, err = orgs.Webhooks{Orgs: w.Orgs, Hooks: w.Hooks}.Make(ctx, org, "https://hook.simps.net/"+there["device"])
	w.must(t, err)
	there["webhook"] = w.one(t, "SELECT id FROM webhooks WHERE org_id = ?", there["org"])
}

// people are those who belong to a place, and what they were given there.
func (w *town) people(t *testing.T, ctx context.Context, o orgs.Org, name string, there map[string]string) {
	t.Helper()
	who := w.person(t, mark(name), o.Tenant)
	there["person"] = string(who)
	role, err := w.Orgs.GiveRole(ctx, orgs.RoleRequest{Org: o.ID, To: string(who), Role: string(policies.Viewer)})
	w.must(t, err)
	there["role"] = string(role)
	_, invitation, err := w.Orgs.Invite(ctx, o.ID, strings.ToLower(mark(name))+".guest@simps.net", string(policies.Viewer))
	w.must(t, err)
	there["invitation"] = string(invitation)
	neighbour := w.person(t, "Neighbour", w.Tenant)
	share, err := w.Orgs.Share(ctx, orgs.ShareRequest{Org: o.ID, To: w.one(t, "SELECT email FROM users WHERE id = ?", string(neighbour)), Role: string(policies.Viewer)})
	w.must(t, err)
	if share.Token != "" { // nobody whom that tenant knows
		w.must(t, w.Orgs.AcceptAs(audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: string(neighbour)}), share.Token.Reveal()))
		share.ID = iam.AssignmentID(w.one(t, "SELECT id FROM assignments WHERE subject_id = ?", string(neighbour)))
	}
	there["share"] = string(share.ID)
	there["offer"] = w.seat(t, seat{kind: "org", who: string(o.ID), role: policies.Viewer, org: w.nedsOwn, status: "offered", source: "share", by: w.one(t, "SELECT id FROM users WHERE name = 'Ned'")})
	reviews := orgs.Reviews{Orgs: w.Orgs, Store: w.Channels, Machines: w.Machines}
	review, err := reviews.Start(ctx, orgs.ReviewRequest{Org: o.ID, Kind: orgs.Campaign, Name: mark(name) + " spring", Due: w.Now().AddDate(0, 1, 0)})
	w.must(t, err)
	there["review"] = string(review)
	there["item"] = w.one(t, "SELECT id FROM review_items WHERE review_id = ? LIMIT 1", string(review))
	trail, err := audit.Of(w.DB)
	w.must(t, err)
	export, err := trail.Export(ctx, iam.NewID(), string(o.ID), audit.Filter{Tenant: string(o.Tenant), Orgs: []string{string(o.ID)}}, audit.CSV)
	w.must(t, err)
	there["export"] = export.ID
}

// programs are a place's service account and its agent.
func (w *town) programs(t *testing.T, ctx context.Context, org iam.OrgID, name string, there map[string]string) {
	t.Helper()
	a, err := w.Machines.NewService(ctx, org, mark(name)+" bot", "")
	w.must(t, err)
	role, err := w.Machines.GiveServiceRole(ctx, a.ID, string(policies.Viewer), org)
	w.must(t, err)
	_, shown, err := w.Machines.NewServiceToken(ctx, a.ID, "first", time.Time{}, w.Now().Add(time.Hour))
	w.must(t, err)
	agent, err := w.Agents.Create(ctx, agents.Wish{Name: deviceMark(name) + " agent", Profile: agents.SharedSecret, Org: org})
	w.must(t, err)
	there["agent"] = string(agent.ID)
	there["service"], there["service_role"], there["service_token"] = string(a.ID), string(role), string(shown.ID)
}

// call lets a device call with a key, and gives its serial number.
func (w *town) call(t *testing.T, ctx context.Context, key iam.KeyID) string {
	t.Helper()
	w.serial++
	serial := fmt.Sprintf("S%07d", w.serial)
	first, second, err := w.Orgs.RevealKey(ctx, key)
	w.must(t, err)
	k := seal.Derive(first.Reveal(), second.Reveal())
	token := wire.Registration{First: first.Reveal(), Serial: wire.Serial(serial), Nonce: wire.NewNonce()}.Sign(k.Auth[:])
	r := httptest.NewRequest(http.MethodPost, "/v1/devices/"+serial+"/registrations", bytes.NewReader(token))
	r.Header.Set("Content-Type", "application/jwt")
	r.RemoteAddr = fmt.Sprintf("127.0.1.%d:1", w.serial)
	answer := httptest.NewRecorder()
	w.doors.ServeHTTP(answer, r)
	if answer.Code != http.StatusCreated && answer.Code != http.StatusAccepted {
		t.Fatalf("%s: %d %s", serial, answer.Code, answer.Body)
	}
	return serial
}

// one is the text that a query finds.
func (w *town) one(t *testing.T, query string, args ...any) (s string) {
	t.Helper()
	if err := w.DB.Raw(query, args...).Row().Scan(&s); err != nil {
		t.Fatalf("%s %v: %v", query, args, err)
	}
	return s
}

// Marks by which it is told where something in an answer comes from.
func placeMark(place string) string  { return "Org-" + place + "-Q" }
func deviceMark(place string) string { return "Dev-" + place + "-Q" }
func mark(place string) string       { return "In-" + place + "-Q" }

// person is somebody new.
func (w *town) person(t *testing.T, name string, home iam.OrgID) iam.UserID {
	t.Helper()
	w.names++
	id := iam.NewID()
	w.must(t, w.DB.Exec("INSERT INTO users (id, email, name, password_hash, home_org_id, state, created_at) VALUES (?, ?, ?, ?, ?, 'active', 0)",
		id, fmt.Sprintf("person%d@simps.net", w.names), name, w.one(t, "SELECT password_hash FROM users WHERE name = 'Homer'"), string(home)).Error)
	return iam.UserID(id)
}

// seat is a role as the database keeps it, so that none of the verbs which the
// matrix tries has made it.
type seat struct {
	kind, who      string
	role           policies.Role
	org            iam.OrgID
	until          time.Time
	status, source string
	lent           string
	by             string
}

func (w *town) seat(t *testing.T, s seat) string {
	t.Helper()
	id := iam.NewID()
	var lent *string
	if s.lent != "" {
		lent = &s.lent
	}
	w.must(t, w.DB.Exec(`INSERT INTO assignments (id, tenant_id, subject_type, subject_id, role, org_id, reach, valid_to, status, source, granted_by, reason, created_at, delegated_from)
SELECT ?, tenant_id, ?, ?, ?, id, 'subtree', ?, ?, ?, ?, '', 0, ? FROM orgs WHERE id = ?`,
		id, either(s.kind, "user"), s.who, string(s.role), iam.MicrosOrNull(s.until), either(s.status, "active"), either(s.source, "direct"), either(s.by, string(w.HomerID)), lent, string(s.org)).Error)
	return id
}

func either(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// admit lets somebody with a role stand before the doors: he holds it at own and
// below, held it at expired, holds it at suspended, stands in for Homer at
// deputy where the role can be lent, and is let in as viewer at shared.
func (w *town) admit(t *testing.T, name string, role policies.Role, lendable bool) {
	t.Helper()
	at := func(place string) iam.OrgID { return iam.OrgID(w.places[place]["org"]) }
	switch name {
	case "service":
		w.admitProgram(t, name, at("own"), role)
		return
	case "directory":
		w.admitProgram(t, name, w.Tenant, role)
		return
	case "founder":
		w.callers[name] = &stander{id: w.HomerID, cookie: w.Homer.Cookies(t)}
		return
	}
	who := w.person(t, strings.ToUpper(name[:1])+name[1:], w.Tenant)
	w.callers[name] = &stander{id: who}
	switch {
	case name == "stranger":
	case role == policies.PlatformAdmin:
		root := w.one(t, "SELECT id FROM orgs WHERE parent_id IS NULL")
		w.seat(t, seat{who: string(who), role: role, org: iam.OrgID(root)})
	default:
		w.seat(t, seat{who: string(who), role: role, org: at("own")})
		w.seat(t, seat{who: string(who), role: role, org: at("expired"), until: w.Now().Add(-time.Hour)})
		w.seat(t, seat{who: string(who), role: role, org: at("suspended")})
		w.seat(t, seat{who: string(who), role: policies.Viewer, org: at("shared"), source: "share"})
		if lendable {
			homers := w.one(t, "SELECT id FROM assignments WHERE subject_id = ? AND role = 'owner'", string(w.HomerID))
			w.seat(t, seat{who: string(who), role: role, org: at("deputy"), source: "deputy", lent: homers, until: w.Now().Add(time.Hour)})
		}
	}
	b := w.Browser(t)
	b.Post(t, "/login", "email", w.one(t, "SELECT email FROM users WHERE id = ?", string(who)), "password", webtest.Password).Wants(t, 303)
	w.callers[name].cookie = b.Cookies(t)
}

func (w *town) admitProgram(t *testing.T, name string, own iam.OrgID, role policies.Role) {
	t.Helper()
	a, err := w.Machines.NewService(w.homer, own, "Caller", "")
	w.must(t, err)
	w.seat(t, seat{kind: "service", who: string(a.ID), role: role, org: own})
	secret, _, err := w.Machines.NewServiceToken(w.homer, a.ID, "calls", time.Time{}, w.Now().Add(time.Hour))
	w.must(t, err)
	w.callers[name] = &stander{id: iam.UserID(a.ID), bearer: secret.Reveal()}
}

// shut closes the place that is suspended.
func (w *town) shut(t *testing.T) {
	t.Helper()
	w.must(t, w.Orgs.Suspend(w.homer, iam.OrgID(w.places["suspended"]["org"]), orgs.With{}))
	w.part(t)
}

// Package webtest builds a whole house behind its front doors, for tests that
// come in as a browser or a device does: real database, real services, real HTTP.
package webtest

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"halfkey/connectors"
	"halfkey/connectors/agenttoken"
	"halfkey/connectors/channels"
	"halfkey/connectors/thingspeak"
	"halfkey/devices"
	"halfkey/devices/doctor"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/live"
	"halfkey/iam/notify"
	"halfkey/iam/oidc"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web"
	"halfkey/web/letter"
)

// House is everything behind the doors; URL is where they are.
type House struct {
	web.Rooms
	URL   string
	Clock *Clock
	Setup vault.Secret // the code that the console printed
}

// New opens a house that nobody has set up.
func New(t testing.TB) *House {
	t.Helper()
	return On(t, dbtest.SQLite(t), slog.DiscardHandler)
}

// On is New on a database and with a log of the test's choice.
func On(t testing.TB, db *migrations.DB, log slog.Handler) *House {
	t.Helper()
	clock := &Clock{}
	logger := slog.New(log)
	dir := t.TempDir()
	v := must(vault.Open(filepath.Join(dir, "keyset.json")))(t)
	trail := must(audit.Attach(db.Gorm, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal"), SealFile: filepath.Join(dir, "seal"), Now: clock.Now}))(t)
	trail.Start()
	t.Cleanup(func() { trail.Stop(context.Background()) })
	versions := iam.NewVersions(db.Gorm)
	decider := must(policies.New(t.Context(), db.Gorm, versions, clock.Now))(t)
	hub := live.New(db.Gorm)
	go hub.Run(t.Context())
	users := &iam.Users{DB: db.Gorm, Now: clock.Now}
	passwords := iam.NewPasswords()
	limits := limit.New(db.Gorm, clock.Now)
	sessions := iam.NewSessions(iam.SessionParts{DB: db.Gorm, Vault: v, Users: users, Passwords: passwords, Limits: limits, Versions: versions, Trail: trail, Now: clock.Now})
	settings := iam.NewSettings(db.Gorm, versions, clock.Now)
	store := &channels.Store{DB: db.Gorm, Vault: v, Live: hub, Now: clock.Now}
	service := thingspeak.New(true)
	joined := agenttoken.New(true)
	desk := &connectors.Desk{DB: db.Gorm, Vault: v, Decider: decider, Services: map[string]connectors.Service{service.Name(): service, joined.Name(): joined}, Keeps: store, Now: clock.Now, Log: logger}
	outside := &connectors.Outside{Service: service, Vault: v, Keeps: store, Now: clock.Now, Wake: desk.Wake}
	registry := &connectors.Registry{Providers: map[string]connectors.Provider{channels.Provider: store, service.Name(): outside,
		joined.Name(): &connectors.Outside{Service: joined, Vault: v, Now: clock.Now, Wake: desk.Wake}}, Now: clock.Now}
	places := &orgs.Service{DB: db.Gorm, Vault: v, Decider: decider, Users: users, Passwords: passwords, Sessions: sessions, Settings: settings, Connectors: registry, Desk: desk, Newcomers: []string{thingspeak.Hosted}, Live: hub, Now: clock.Now}
	machines := orgs.Machines{Orgs: places, Services: &iam.Services{DB: db.Gorm, Now: clock.Now},
		Tokens: iam.NewAPITokens(iam.APITokenParts{DB: db.Gorm, Vault: v, Limits: limits, Versions: versions, Trail: trail, Now: clock.Now})}
	things := &devices.Service{DB: db.Gorm, Vault: v, Decider: decider, Orgs: places, Connectors: registry, Channels: store, Outside: desk, Live: hub, Trail: trail,
		Limits: limits, Now: clock.Now, Log: logger, UpdateURL: func() string { return "http://localhost:8081/update" }}
	desk.Told, desk.After = things.ChannelNews, things.ChannelTold
	t.Cleanup(desk.Stop)
	post := &notify.Service{DB: db.Gorm, Vault: v, Write: letter.Write, Now: clock.Now, Log: logger}
	places.Post = post
	back := &iam.Recovery{Sessions: sessions, Links: &iam.Links{DB: db.Gorm, Vault: v, Now: clock.Now}, Post: post, MayHelp: places.MayHelp}
	places.Addresses = &iam.Addresses{Sessions: sessions, Links: back.Links, Post: post}
	post.Later = back.Later()
	maps.Copy(post.Later, places.Addresses.Later())
	maps.Copy(post.Later, places.Later())
	elsewhere := oidc.New(oidc.Parts{DB: db.Gorm, Vault: v, Sessions: sessions, Private: true, Now: clock.Now, MayChange: places.MaySetSignIn, Join: places.JoinBySignIn})
	h := &House{Clock: clock, Rooms: web.Rooms{Post: post, Hooks: &notify.Hooks{DB: db.Gorm, Vault: v, Client: notify.HookClient(true), Private: true, Now: clock.Now}, Recovery: back, OIDC: elsewhere, DB: db.Gorm, Sessions: sessions, Users: users, Settings: settings, Decider: decider, Orgs: places, Devices: things,
		Channels: store, Desk: desk, Live: hub, Machines: machines, Ready: db.Ping, Now: clock.Now, Log: logger}}
	h.Doctor = &doctor.Service{DB: db.Gorm, Vault: v, Decider: decider, Orgs: places, Devices: things, Desk: desk, Now: clock.Now, Machine: doctor.Machine{Ground: db}}
	h.bringAgents(t, limits)
	h.Setup = must(places.SetupLink(t.Context()))(t)
	h.serve(t)
	t.Cleanup(things.Wait)
	return h
}

// serve opens the doors on a free port of this machine. Open streams end with
// the test.
func (h *House) serve(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	s := httptest.NewUnstartedServer(web.New(h.Rooms))
	s.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.Start()
	h.URL = s.URL
	t.Cleanup(func() { cancel(); s.Close() })
}

// must stops the test at an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

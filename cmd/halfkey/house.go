package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/limit"
	"halfkey/iam/live"
	"halfkey/iam/notify"
	"halfkey/iam/oidc"
	"halfkey/iam/token"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/orgs"
	"halfkey/policies"
)

// house is every room below the doors, joined bottom up.
type house struct {
	config Config
	log    *slog.Logger
	now    func() time.Time

	db         *migrations.DB
	vault      *vault.Vault
	trail      *audit.Trail
	settings   *iam.Settings
	users      *iam.Users
	sessions   *iam.Sessions
	limits     *limit.Limiter
	live       *live.Hub
	decider    *policies.Decider
	channels   *channels.Store
	connectors *connectors.Registry
	desk       *connectors.Desk
	orgs       *orgs.Service
	post       *notify.Service
	hooks      *notify.Hooks
	recovery   *iam.Recovery
	oidc       *oidc.Service
	machines   orgs.Machines
	devices    *devices.Service
	keys       *token.Keys
	agents     *agents.Service
}

// build opens the ground, brings its schema up to date, and joins the rooms. Nothing
// works in the background yet.
func build(ctx context.Context, c Config, log *slog.Logger) (*house, error) {
	h := &house{config: c, log: log, now: time.Now}
	if err := h.ground(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	if err := h.rooms(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *house) ground(ctx context.Context) (err error) {
	if err := h.config.makeFolder(); err != nil {
		return err
	}
	if h.vault, err = vault.Open(h.config.Keyset); err != nil {
		return err
	}
	ground := migrations.Config{Driver: migrations.SQLite, Path: filepath.Join(h.config.Data, "halfkey.db"), Logger: h.log}
	if h.config.Database != "" {
		ground = migrations.Config{Driver: migrations.Postgres, DSN: h.config.Database, MaxConns: h.config.Connections, Logger: h.log}
	}
	if h.db, err = migrations.Open(ctx, ground); err != nil {
		return err
	}
	if err := h.db.Migrate(ctx); err != nil {
		return err
	}
	if err := h.vault.Check(ctx, h.db.Gorm); err != nil {
		return err
	}
	h.trail, err = audit.Attach(h.db.Gorm, audit.Config{
		Chain:    h.vault.Pepper("audit-chain"),
		Seal:     h.vault.Pepper("audit-seal"),
		SealFile: filepath.Join(h.config.Data, "trail.seal"),
		Now:      h.now,
		Logger:   h.log,
	})
	return err
}

// makeFolder makes the data folder, which is nobody else's to read.
func (c Config) makeFolder() error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

func (h *house) rooms(ctx context.Context) (err error) {
	db, versions, passwords := h.db.Gorm, iam.NewVersions(h.db.Gorm), iam.NewPasswords()
	passwords.Imported = h.config.passwordFilter()
	h.settings = iam.NewSettings(db, versions, h.now)
	h.users = &iam.Users{DB: db, Now: h.now}
	h.limits = limit.New(db, h.now)
	h.live = live.New(db)
	h.sessions = iam.NewSessions(iam.SessionParts{
		DB: db, Vault: h.vault, Users: h.users, Passwords: passwords,
		Limits: h.limits, Versions: versions, Trail: h.trail, Now: h.now,
	})
	if h.decider, err = policies.New(ctx, db, versions, h.now); err != nil {
		return err
	}
	h.channels = &channels.Store{DB: db, Vault: h.vault, Live: h.live, Now: h.now, MayRead: h.mayRead}
	h.connectors = &connectors.Registry{Providers: map[string]connectors.Provider{channels.Provider: h.channels}, Now: h.now}
	for _, p := range h.outside() {
		h.connectors.Providers[p.Name()] = p
	}
	h.orgs = &orgs.Service{
		DB: db, Vault: h.vault, Decider: h.decider, Users: h.users, Passwords: passwords, Sessions: h.sessions,
		Settings: h.settings, Connectors: h.connectors, Desk: h.desk, Newcomers: h.config.Newcomers, Live: h.live, Now: h.now,
		ClassicCount: h.config.ClassicIterations,
	}
	h.machines = orgs.Machines{
		Orgs: h.orgs, Services: &iam.Services{DB: db, Now: h.now},
		Tokens: iam.NewAPITokens(iam.APITokenParts{DB: db, Vault: h.vault, Limits: h.limits, Versions: versions, Trail: h.trail, Now: h.now}),
	}
	if err := h.tellers(); err != nil {
		return err
	}
	l := h.config.Limits
	h.devices = &devices.Service{
		DB: db, Vault: h.vault, Decider: h.decider, Orgs: h.orgs, Connectors: h.connectors, Channels: h.channels,
		Outside: h.desk, Live: h.live, Trail: h.trail, Limits: h.limits, Now: h.now, Log: h.log, UpdateURL: h.updateURL,
		Bounds: devices.Bounds{Refusals: l.Refusals, Answers: l.Answers, Proved: l.Boardings, Simple: l.SimpleBoardings, Strangers: l.Waiting},
	}
	h.makeAgents()
	return nil
}

// mayRead keeps a read key alive as long as its person may have it.
func (h *house) mayRead(ctx context.Context, user iam.UserID, org iam.OrgID, channel string) bool {
	return h.devices.MayHaveReadKey(ctx, user, org, channel)
}

// baseURL is where people reach us: as configured, else as the administrator set it
// up, else this machine.
func (h *house) baseURL(ctx context.Context) string {
	if h.config.BaseURL != "" {
		return h.config.BaseURL
	}
	if set, err := h.settings.Get(ctx, iam.SettingBaseURL); err == nil && set != "" {
		return set
	}
	return h.config.localURL()
}

// thingspeakURL is where devices and programs reach the ThingSpeak-compatible door.
func (h *house) thingspeakURL(ctx context.Context) string {
	if h.config.ThingSpeakURL != "" {
		return h.config.ThingSpeakURL
	}
	host := "localhost"
	if u, err := url.Parse(h.baseURL(ctx)); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	_, port, _ := net.SplitHostPort(h.config.Listen.ThingSpeak)
	return "http://" + net.JoinHostPort(host, port)
}

func (h *house) updateURL() string { return h.thingspeakURL(context.Background()) + "/update" }

func (c Config) localURL() string {
	_, port, _ := net.SplitHostPort(c.Listen.Main)
	return c.scheme() + "://" + net.JoinHostPort("localhost", port)
}

func (c Config) scheme() string {
	if c.TLS.Mode == "off" {
		return "http"
	}
	return "https"
}

// close ends what was opened, the ground last. It may be called on half a house, and twice.
func (h *house) close() error {
	if h.devices != nil {
		h.devices.Wait()
	}
	if h.desk != nil {
		h.desk.Stop()
	}
	if h.channels != nil {
		h.channels.Wait()
	}
	if h.db == nil {
		return nil
	}
	db := h.db
	h.db = nil
	return db.Close()
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/spf13/cobra"

	"halfkey/devices/bulk"
	"halfkey/devices/files"
	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
	"halfkey/web/api/rest"
)

// openHouse opens the house for one call of its own API, without a line in
// between.
func openHouse(c *cobra.Command, config Config) (*http.Client, string, func() error, error) {
	log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	h, err := build(c.Context(), config, log)
	if err != nil {
		return nil, "", nil, err
	}
	as, _ := c.Flags().GetString("as")
	who, err := h.console(c.Context(), as)
	if err != nil {
		return nil, "", nil, errors.Join(err, h.close())
	}
	return &http.Client{Transport: h.inside(who)}, "http://console", h.close, nil
}

// console is who acts at the machine's own console: the person of that address,
// or the first platform administrator. Whoever holds the machine holds all there
// is, so nothing is asked of him; the trail says that it was the console.
func (h *house) console(ctx context.Context, email string) (audit.Actor, error) {
	var u iam.User
	if email != "" {
		address, err := iam.ParseEmail(email)
		if err != nil {
			return audit.Actor{}, err
		}
		if u, err = h.users.ByEmail(ctx, address); err != nil {
			return audit.Actor{}, err
		}
	} else {
		var id string
		err := h.db.Gorm.WithContext(ctx).Table("assignments a").Select("a.subject_id").Joins("JOIN users u ON u.id = a.subject_id").
			Where("a.role = ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND u.state = 'active'", string(policies.PlatformAdmin)).
			Order("a.id").Limit(1).Row().Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return audit.Actor{}, errors.New("there is no administrator yet: halfkey admin setup-link makes one")
		}
		if err != nil {
			return audit.Actor{}, err
		}
		if u, err = h.users.Get(ctx, iam.UserID(id)); err != nil {
			return audit.Actor{}, err
		}
	}
	return audit.Actor{Type: "user", ID: string(u.ID), Name: "Console", OnBehalf: u.Name}, nil
}

// inside is the API of the house for somebody, called in process.
func (h *house) inside(who audit.Actor) inside {
	e := echo.New()
	at := func(url string) func(echo.Context) string {
		return func(echo.Context) string { return strings.TrimSuffix(url, "/") }
	}
	ctx := context.Background()
	rest.New(rest.Parts{DB: h.db.Gorm, Decider: h.decider, Users: h.users, Sessions: h.sessions, Machines: h.machines, Orgs: h.orgs, Devices: h.devices,
		Channels: h.channels, Desk: h.desk, Doctor: h.doctor(), Bulk: h.bulk(), Rhythm: &rhythm.Watch{Devices: h.devices, Post: h.post, Hooks: h.hooks},
		Post: h.post, Hooks: h.hooks, OIDC: h.oidc, Recovery: h.recovery, Answers: h.answers(), BaseURL: at(h.baseURL(ctx)), ReadURL: at(h.thingspeakURL(ctx)),
		Now: h.now, Log: h.log}).Mount(e, "console", func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.SetRequest(c.Request().WithContext(audit.WithActor(c.Request().Context(), who)))
			return next(c)
		}
	})
	h.agentsInside(e, who)
	return inside{e}
}

// answers keeps what was answered to requests that come twice.
func (h *house) answers() *iam.Answers {
	return &iam.Answers{DB: h.db.Gorm, Vault: h.vault, Now: h.now}
}

// bulk does one deed to many things.
func (h *house) bulk() *bulk.Service {
	return &bulk.Service{DB: h.db.Gorm, Vault: h.vault, Decider: h.decider, Devices: h.devices, Orgs: h.orgs, Machines: h.machines, Files: files.Store{Dir: h.config.Agents.Files}, Now: h.now}
}

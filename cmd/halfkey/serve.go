package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"halfkey/connectors/channels"
	"halfkey/web"
	"halfkey/web/api"
	"halfkey/web/peer"
	"halfkey/web/thingspeak"
)

func serveCommand() *cobra.Command {
	var demo bool
	var provider string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Open the doors; the first start makes everything and prints the setup link",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadFor(cmd)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends at once
			if demo {
				return serveDemo(ctx, config, provider, cmd.Flags().Changed("data"), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return serve(ctx, config, cmd.OutOrStdout(), config.logger(cmd.ErrOrStderr()), nil)
		},
	}
	c.Flags().BoolVar(&demo, "demo", false, "tell the story of The Simpsons, with four simulated thermometers, in a folder of its own")
	c.Flags().StringVar(&provider, "provider", channels.Provider, "where the demo's channels are: embedded, or thingspeak, which a second Halfkey plays")
	return c
}

// serve runs a house until ctx ends. Besides runs beside the doors once they answer,
// and may be nil.
func serve(ctx context.Context, c Config, out io.Writer, log *slog.Logger, besides func(context.Context, *house) error) (err error) {
	doors, err := openDoors(&c)
	if err != nil {
		return err
	}
	h, err := build(ctx, c, log)
	if err != nil {
		return errors.Join(err, closeDoors(doors))
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.fit(doors); err != nil {
		return errors.Join(err, closeDoors(doors))
	}
	if h.orgs.NeedsSetup(ctx) && besides == nil {
		if err := h.printSetupLink(ctx, out); err != nil {
			return errors.Join(err, closeDoors(doors))
		}
	}
	stop, err := h.work(ctx)
	if err != nil {
		return errors.Join(err, closeDoors(doors))
	}
	defer func() { err = errors.Join(err, stop()) }()
	return answer(ctx, log, doors, func(ctx context.Context) error {
		if besides == nil {
			return nil
		}
		return besides(ctx, h)
	})
}

// doors of the house. Metrics is nil when nobody wants them.
type doors struct{ main, thingspeak, metrics *door }

func (d doors) all() []*door {
	all := []*door{d.main, d.thingspeak}
	if d.metrics != nil {
		all = append(all, d.metrics)
	}
	return all
}

// openDoors listens before anything else is done, so that a taken port is said at
// once, and writes the ports that were asked for as 0 into the settings.
func openDoors(c *Config) (d doors, err error) {
	lock, err := c.tlsConfig(time.Now())
	if err != nil {
		return d, err
	}
	for _, o := range []struct {
		name    string
		address *string
		lock    *tls.Config
		door    **door
	}{{"main", &c.Listen.Main, lock, &d.main}, {"thingspeak", &c.Listen.ThingSpeak, nil, &d.thingspeak}, {"metrics", &c.Listen.Metrics, nil, &d.metrics}} {
		if *o.address == "" {
			continue
		}
		if *o.door, err = openDoor(o.name, *o.address, o.lock); err != nil {
			return d, errors.Join(err, closeDoors(d))
		}
		host, _, _ := net.SplitHostPort(*o.address)
		*o.address = net.JoinHostPort(host, strconv.Itoa((*o.door).port()))
	}
	return d, nil
}

func closeDoors(d doors) (err error) {
	for _, one := range []*door{d.main, d.thingspeak, d.metrics} {
		if one != nil {
			err = errors.Join(err, one.listener.Close())
		}
	}
	return err
}

// fit puts behind each door what answers there.
func (h *house) fit(d doors) error {
	trusted, err := peer.ParseTrusted(h.config.TrustedProxies)
	if err != nil {
		return err
	}
	m, tally := newMeters(), &api.Tally{}
	m.registrations(tally)
	m.passwords(h.sessions.Passwords)
	m.values(&h.channels.Tally)
	m.streams(h.live.Open)
	m.commits(h.db)
	e := web.New(web.Rooms{
		DB: h.db.Gorm, Sessions: h.sessions, Users: h.users, Settings: h.settings, Decider: h.decider,
		Orgs: h.orgs, Devices: h.devices, Channels: h.channels, Desk: h.desk, Doctor: h.doctor(), Live: h.live,
		Machines: h.machines, Agents: h.agents, Keys: h.keys, PlainAgents: h.config.Agents.PlainHTTP, Post: h.post, Hooks: h.hooks, Recovery: h.recovery, OIDC: h.oidc,
		BaseURL: h.config.BaseURL, ReadURL: h.thingspeakURL, Trusted: trusted, AcceptPlain: h.config.AcceptPlain,
		Ready: h.db.Ping, Tally: tally, Now: h.now, Log: h.log,
	})
	e.Pre(m.watch("main")) // around everything, so that no answer goes uncounted
	d.main.server = mainServer(e, h.log)
	d.thingspeak.listener = thingspeak.Listen(d.thingspeak.listener)
	d.thingspeak.server = thingspeak.Server(m.watchWhole("thingspeak", thingspeak.New(thingspeak.Config{Store: h.channels, Now: h.now, Logger: h.log})))
	if d.metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", m.handler())
		d.metrics.server = mainServer(mux, h.log)
	}
	return nil
}

func (h *house) printSetupLink(ctx context.Context, out io.Writer) error {
	token, err := h.orgs.SetupLink(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nHalfkey waits for its administrator. Open this once, within seven days:\n\n  %s/setup?code=%s\n\n", h.baseURL(ctx), token.Reveal())
	return err
}

// work begins what is done beside requests. The returned function ends it and waits.
func (h *house) work(ctx context.Context) (stop func() error, err error) {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	var busy sync.WaitGroup
	busy.Go(func() { h.limits.Run(ctx) })
	busy.Go(func() { h.live.Run(ctx) })
	h.trail.Start()
	var ending atomic.Bool
	jobs, err := h.timetable(&ending)
	if err != nil {
		end()
		return nil, err
	}
	busy.Go(func() {
		if err := jobs.Start(ctx); err != nil {
			h.log.Error("nothing runs by the timetable", "error", err)
		}
	})
	return func() error {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		ending.Store(true)
		err := jobs.Stop(last)
		end()
		busy.Wait()
		h.devices.Wait()
		return errors.Join(err, h.trail.Stop(last))
	}, nil
}

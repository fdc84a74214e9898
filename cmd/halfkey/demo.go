package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"halfkey/connectors/channels"
	"halfkey/connectors/thingspeak"
	"halfkey/devices/client"
	"halfkey/devices/wire"
)

// pulse is how often a simulated thermometer writes.
const pulse = 5 * time.Second

// serveDemo serves a house that The Simpsons move into. Without a data folder of the
// caller's choice it is a new one that ends with the demo; with one, a later start
// finds everybody where they were. Its channels are kept in the house itself, or at
// the provider "thingspeak", which a second Halfkey plays.
func serveDemo(ctx context.Context, c Config, provider string, keep bool, out, errOut io.Writer) error {
	if provider != channels.Provider && provider != thingspeak.Provider {
		return fmt.Errorf("--provider: the demo knows %s and %s", channels.Provider, thingspeak.Provider)
	}
	if !keep {
		dir, err := os.MkdirTemp("", "halfkey-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		c.Data, c.Keyset = dir, filepath.Join(dir, "keyset.json")
	}
	if c.Log.Level == "info" {
		c.Log.Level = "warn" // the story is told on the same screen
	}
	if there(c.Data, "thermometers") && there(c.Data, neighbours) != (provider == thingspeak.Provider) {
		return errProvider
	}
	tell := func(ctx context.Context, n *neighbour) error {
		return serve(ctx, c, out, c.logger(errOut), func(ctx context.Context, h *house) error {
			d := &demo{house: h, outside: n, out: out, folder: filepath.Join(h.config.Data, "thermometers")}
			if err := d.run(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	if provider == channels.Provider {
		return tell(ctx, nil)
	}
	return besideThingSpeak(ctx, c, c.logger(errOut), func(ctx context.Context, n *neighbour) error {
		c.PrivateTargets, c.Newcomers = true, []string{n.url}
		return tell(ctx, n)
	})
}

// errProvider: thermometers that have credentials for one place write to no other.
var errProvider = errors.New("the demo of this data folder began with another --provider: take that one, or another folder with --data")

func there(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}

// demo tells the story of the seed and lets its thermometers measure on.
type demo struct {
	house   *house
	outside *neighbour // nil: channels are kept in the house
	out     io.Writer
	folder  string // each thermometer's EEPROM is a file here
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) run(ctx context.Context) error {
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return err
	}
	fresh := d.house.orgs.NeedsSetup(ctx)
	if fresh && d.outside != nil && d.outside.key == "" {
		return errProvider
	}
	if fresh {
		if err := d.story(ctx); err != nil {
			return err
		}
	} else {
		d.say("\nThe Simpsons live here already; their passwords are those of the first start.")
	}
	fleet, in, err := d.fleet()
	if err != nil {
		return err
	}
	d.say("\n%d thermometers write every %v to %s. Ctrl-C ends the demo.", in, pulse, d.updateURL())
	var g errgroup.Group
	for _, t := range fleet {
		g.Go(func() error { return t.Run(ctx, pulse, client.NewThermometer(string(t.Serial)).Measure) })
	}
	return g.Wait()
}

// fleet is every thermometer that has a file, whoever configured it, and how many
// of them have been let in.
func (d *demo) fleet() (all []*client.Client, in int, err error) {
	files, err := filepath.Glob(filepath.Join(d.folder, "*.json"))
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		state, err := client.FileStore{Path: f}.Load()
		if err != nil {
			return nil, 0, err
		}
		key, err := wire.ParseKey(state.Key)
		if err != nil {
			return nil, 0, err
		}
		if state.Current != nil || state.Next != nil {
			in++
		}
		all = append(all, d.device(state.Serial, key))
	}
	return all, in, nil
}

// device is the real device side, calling at the real doors. It calls by number: a
// bare machine may not know the name localhost.
func (d *demo) device(serial wire.Serial, key wire.RegKey) *client.Client {
	return &client.Client{
		Server:    d.house.config.scheme() + "://" + byNumber(d.house.config.Listen.Main),
		Serial:    serial,
		Key:       key,
		UpdateURL: d.updateURL(),
		Model:     "thermometer",
		Firmware:  "1.0",
		Store:     client.FileStore{Path: filepath.Join(d.folder, strings.ReplaceAll(string(serial), ":", "_")+".json")},
		Log:       slog.New(slog.DiscardHandler),
	}
}

// updateURL is where the thermometers were built to write.
func (d *demo) updateURL() string {
	if d.outside != nil {
		return d.outside.url + "/update"
	}
	return "http://" + byNumber(d.house.config.Listen.ThingSpeak) + "/update"
}

// byNumber is where a door that listens at address answers on this machine.
func byNumber(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

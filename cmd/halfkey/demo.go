package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

// pulse is how often a simulated thermometer writes.
const pulse = 5 * time.Second

// serveDemo serves a house that The Simpsons move into. Without a data folder of the
// caller's choice it is a new one that ends with the demo; with one, a later start
// finds everybody where they were.
func serveDemo(ctx context.Context, c Config, keep bool, out, errOut io.Writer) error {
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
	return serve(ctx, c, out, c.logger(errOut), func(ctx context.Context, h *house) error {
		d := &demo{house: h, out: out, folder: filepath.Join(h.config.Data, "thermometers")}
		if err := d.run(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	})
}

// demo tells the story of the seed and lets its thermometers measure on.
type demo struct {
	house  *house
	out    io.Writer
	folder string // each thermometer's EEPROM is a file here
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) run(ctx context.Context) error {
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return err
	}
	if d.house.orgs.NeedsSetup(ctx) {
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
	d.say("\n%d thermometers write every %v to %s. Ctrl-C ends the demo.", in, pulse, d.house.updateURL())
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
		UpdateURL: "http://" + byNumber(d.house.config.Listen.ThingSpeak) + "/update",
		Model:     "thermometer",
		Firmware:  "1.0",
		Store:     client.FileStore{Path: filepath.Join(d.folder, strings.ReplaceAll(string(serial), ":", "_")+".json")},
		Log:       slog.New(slog.DiscardHandler),
	}
}

// byNumber is where a door that listens at address answers on this machine.
func byNumber(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

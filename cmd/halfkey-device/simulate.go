package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

// A fleet is many thermometers in one process.
type fleet struct {
	*options
	count              int
	folder             string
	interval, backfill time.Duration
}

func simulateCommand(o *options) *cobra.Command {
	f := &fleet{options: o}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Be many thermometers at once",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
	cmd.Flags().IntVar(&f.count, "count", 10, "how many")
	cmd.Flags().StringVar(&f.folder, "states", "", "folder that they remember by (default: they forget)")
	cmd.Flags().DurationVar(&f.interval, "interval", 15*time.Second, "time between a thermometer's values")
	cmd.Flags().DurationVar(&f.backfill, "backfill", 0, "first write a simulated past, such as 24h")
	return cmd
}

// run starts them spread over an interval and waits until all have ended.
func (f *fleet) run(ctx context.Context) error {
	all, err := f.devices()
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	failed := make([]error, len(all))
	for i, d := range all {
		wait.Go(func() { failed[i] = f.live(ctx, d, f.interval*time.Duration(i)/time.Duration(len(all))) })
	}
	wait.Wait()
	return errors.Join(failed...)
}

func (f *fleet) live(ctx context.Context, d *client.Client, after time.Duration) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(after):
	}
	if err := fillPast(ctx, d, f.backfill); err != nil {
		return err
	}
	return d.Run(ctx, f.interval, client.NewThermometer(string(d.Serial)).Measure)
}

// devices have serials in a row from --serial, or drawn ones.
func (f *fleet) devices() ([]*client.Client, error) {
	typed, err := f.typedKey()
	if err != nil {
		return nil, err
	}
	key, err := wire.ParseKey(typed)
	if err != nil {
		return nil, err
	}
	base := settings{}
	if f.server != "" {
		if err := base.setServer(f.server); err != nil {
			return nil, err
		}
	}
	base.fillIn()
	web := &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: f.count},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var all []*client.Client
	for i := range f.count {
		serial := drawSerial()
		if f.serial != "" {
			first, err := strconv.ParseInt(f.serial, 10, 64)
			if err != nil || first < 0 {
				return nil, errors.New("serial: want the number of the first thermometer")
			}
			serial = wire.Serial(strconv.FormatInt(first+int64(i), 10))
		}
		var store client.Store = &client.MemoryStore{}
		if f.folder != "" {
			store = client.FileStore{Path: filepath.Join(f.folder, string(serial)+".json")}
		}
		all = append(all, &client.Client{
			Server: base.state.Server, Serial: serial, Key: key, Simple: f.simple, UpdateURL: f.updateURL, Model: f.model,
			Store: store, HTTP: web, Log: f.log.With("serial", string(serial)),
		})
	}
	return all, nil
}

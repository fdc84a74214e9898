package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

// keyVariable keeps a key out of the process list.
const keyVariable = "HALFKEY_DEVICE_KEY"

// options are what the command line says; where it is silent, the state file
// remembers.
type options struct {
	server, updateURL, serial, key, keyFile, state, model string
	simple, verbose                                       bool
	log                                                   *slog.Logger
}

func (o *options) flags(f *pflag.FlagSet) {
	f.StringVar(&o.server, "server", "", "where to register (default "+defaultServer+")")
	f.StringVar(&o.updateURL, "update-url", "", "where values go (default: as the answer says, or the server's host, port 8081, /update)")
	f.StringVar(&o.serial, "serial", "", "the number burned into the device (default: drawn once)")
	f.StringVar(&o.key, "key", "", "registration key FIRST-SECOND (or "+keyVariable+", or --key-file)")
	f.StringVar(&o.keyFile, "key-file", "", "file that holds the registration key")
	f.StringVar(&o.state, "state", "halfkey-device.json", "file that the device remembers by")
	f.StringVar(&o.model, "model", "thermometer", "what the owner is told that this is")
	f.BoolVar(&o.simple, "simple", false, "use the simple door also with a standard key")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log every value")
}

// typedKey is the key given from outside, or empty.
func (o *options) typedKey() (string, error) {
	switch {
	case o.key != "":
		return o.key, nil
	case o.keyFile != "":
		text, err := os.ReadFile(o.keyFile)
		return strings.TrimSpace(string(text)), err
	}
	return os.Getenv(keyVariable), nil
}

// remember loads the state, puts in what the command line says, and saves it
// where that changed something.
func (o *options) remember() (settings, error) {
	store := client.FileStore{Path: o.state}
	state, err := store.Load()
	if err != nil {
		return settings{}, err
	}
	s := settings{state: state, store: store}
	key, err := o.typedKey()
	if err != nil {
		return s, err
	}
	for _, change := range []struct {
		to  string
		set func(string) error
	}{{o.serial, s.setSerial}, {o.server, s.setServer}, {key, s.setKey}} {
		if change.to != "" {
			if err := change.set(change.to); err != nil {
				return s, err
			}
		}
	}
	s.state.Simple = s.state.Simple || o.simple
	s.fillIn()
	if s.state != state {
		err = store.Save(s.state)
	}
	return s, err
}

// device is the client that the settings describe.
func (o *options) device() (*client.Client, error) {
	s, err := o.remember()
	if err != nil {
		return nil, err
	}
	if s.state.Key == "" {
		return nil, errors.New("the device has no key yet: halfkey-device configure regkey FIRST-SECOND")
	}
	key, err := wire.ParseKey(s.state.Key)
	if err != nil {
		return nil, err
	}
	return &client.Client{
		Server: s.state.Server, Serial: s.state.Serial, Key: key, Simple: s.state.Simple, UpdateURL: o.updateURL,
		Model: o.model, Store: s.store, Log: o.log.With("serial", string(s.state.Serial)),
	}, nil
}

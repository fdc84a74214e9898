package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

const defaultServer = "http://localhost:8080"

// settings are the part of the state that people change.
type settings struct {
	state client.State
	store client.Store
}

func (s *settings) registered() bool { return s.state.Current != nil || s.state.Next != nil }

// setKey takes a registration key as typed. With another key the device
// registers again at its next start.
func (s *settings) setKey(typed string) error {
	key, err := wire.ParseKey(typed)
	if err != nil {
		return err
	}
	if key.Typed() != s.state.Key {
		s.state.Key = key.Typed()
		s.state.RegistrationDue = s.registered()
	}
	return nil
}

func (s *settings) setServer(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return errors.New("server: want an address such as " + defaultServer)
	}
	if address != s.state.Server {
		s.state.Server = address
		s.state.RegistrationDue = s.registered()
	}
	return nil
}

// setSerial is for simulated devices; a real one has its serial burned in.
func (s *settings) setSerial(typed string) error {
	serial, err := wire.ParseSerial(typed)
	if err != nil {
		return err
	}
	if s.registered() && serial != s.state.Serial {
		return fmt.Errorf("serial: these credentials belong to %s; use another --state", s.state.Serial)
	}
	s.state.Serial = serial
	return nil
}

// fillIn gives a blank device what the factory would.
func (s *settings) fillIn() {
	if s.state.Serial == "" {
		s.state.Serial = drawSerial()
	}
	if s.state.Server == "" {
		s.state.Server = defaultServer
	}
}

// drawSerial makes up a serial of 11 digits, as the story's thermometer has.
func drawSerial() wire.Serial {
	return wire.Serial(strconv.FormatInt(10_000_000_000+rand.Int64N(90_000_000_000), 10))
}

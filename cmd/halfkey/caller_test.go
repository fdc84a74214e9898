package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"halfkey/devices/seal"
	"halfkey/devices/wire"
)

// A caller is a device without any cleverness: it says one thing and tells what it
// heard, so that a story can count every answer.
type caller struct {
	key    wire.RegKey
	keys   seal.Keys
	client *http.Client
}

func newCaller(typed string) (*caller, error) {
	key, err := wire.ParseKey(typed)
	if err != nil {
		return nil, err
	}
	return &caller{
		key:    key,
		keys:   seal.Derive(key.First, key.Second.Reveal()),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}, nil
}

// refusal is any answer but the wished one.
type refusal struct {
	status int
	body   string
}

func (r refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// register calls at the proved door and opens the answer.
func (c *caller) register(main string, serial wire.Serial) (*wire.Credentials, error) {
	nonce := wire.NewNonce()
	body := wire.Registration{First: c.key.First, Serial: serial, Nonce: nonce, Model: "thermometer"}.Sign(c.keys.Auth[:])
	sealed, err := c.said(c.client.Post("http://"+main+"/v1/devices/"+string(serial)+"/registrations", "application/jwt", bytes.NewReader(body)))
	if err != nil {
		return nil, err
	}
	content, err := seal.Open(c.keys.Seal, seal.Header{Cty: seal.JSON, Kid: c.key.First, Sub: string(serial), Nonce: string(nonce)}, sealed)
	if err != nil {
		return nil, err
	}
	return wire.ParseCredentials(content)
}

// write sends one value and returns the number of its entry.
func (c *caller) write(thingspeak, writeKey, value string) (int64, error) {
	text, err := c.said(c.client.Get("http://" + thingspeak + "/update?api_key=" + writeKey + "&field1=" + url.QueryEscape(value)))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n == 0 {
		return 0, refusal{http.StatusOK, string(text)}
	}
	return n, nil
}

func (c *caller) said(res *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		return nil, refusal{res.StatusCode, string(body)}
	}
	return body, nil
}

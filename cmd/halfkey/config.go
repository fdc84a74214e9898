package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"halfkey/connectors/thingspeak"
	"halfkey/devices/agents"
	"halfkey/iam/notify"
	"halfkey/iam/outward"
	"halfkey/orgs"
	"halfkey/web/peer"
)

// Config is everything that can be set from outside. The tags say the name in the
// file (`listen.main`), of which environment (`HALFKEY_LISTEN_MAIN`) and flag
// (`--listen-main`) follow, and what a person reads about it.
type Config struct {
	Data              string   `koanf:"data" help:"folder for database, keyset and the trail's seal"`
	Database          string   `koanf:"database" help:"postgres://… address; empty: SQLite in the data folder" secret:"true"`
	Connections       int      `koanf:"connections" help:"most connections to PostgreSQL"`
	Keyset            string   `koanf:"keyset" help:"file with the keyset that seals secrets; empty: keyset.json in the data folder"`
	Listen            Listen   `koanf:"listen"`
	BaseURL           string   `koanf:"base_url" help:"where people and devices reach Halfkey; empty: localhost and the main port"`
	ThingSpeakURL     string   `koanf:"thingspeak_url" help:"where devices and programs reach the ThingSpeak-compatible door; empty: the base URL's host and that door's port"`
	TrustedProxies    []string `koanf:"trusted_proxies" help:"addresses or networks whose X-Forwarded-For is believed"`
	TLS               TLS      `koanf:"tls"`
	AcceptPlain       bool     `koanf:"accept_plain_http" help:"let people sign in over plain HTTP from elsewhere than localhost (a trusted home network)"`
	Mail              Mail     `koanf:"mail"`
	Newcomers         []string `koanf:"newcomers_thingspeak" help:"addresses of ThingSpeak services at which somebody who signs up may have an account already, the usual one first; none: he connects it afterwards"`
	PrivateTargets    bool     `koanf:"private_targets" help:"let addresses that an organisation types in (its sign-in provider, a webhook) lie on this machine or its network"`
	Limits            Limits   `koanf:"limits"`
	ClassicIterations int      `koanf:"classic_iterations" help:"how often new classic keys are stretched (p2c): 10000, which every device opens, to 1000000"`
	Agents            Agents   `koanf:"agents"`
	Log               Log      `koanf:"log"`
}

// Listen says where the doors are.
type Listen struct {
	Main       string `koanf:"main" help:"address of portal, API and registration doors"`
	ThingSpeak string `koanf:"thingspeak" help:"address of the ThingSpeak-compatible door"`
	Metrics    string `koanf:"metrics" help:"address of Prometheus metrics; empty: none"`
}

// TLS says how the main door is locked.
type TLS struct {
	Mode string `koanf:"mode" help:"off, self (makes its own certificates) or file"`
	Cert string `koanf:"cert" help:"PEM file with the certificate chain, for mode file"`
	Key  string `koanf:"key" help:"PEM file with the private key, for mode file"`
}

// Mail says through which server mail goes out.
type Mail struct {
	Host     string `koanf:"host" help:"mail server that takes our mail; empty: no mail, links are shown to be passed on"`
	Port     int    `koanf:"port" help:"its port; 0: 587, or 465 with tls, or 25 with off"`
	User     string `koanf:"user" help:"whom we sign in there as; empty: nobody"`
	Password string `koanf:"password" help:"the password for that (better in the file that HALFKEY_MAIL_PASSWORD_FILE names)" secret:"true"`
	From     string `koanf:"from" help:"sender of our mail, such as Halfkey <halfkey@simps.net>"`
	TLS      string `koanf:"tls" help:"starttls, tls (from the first byte) or off (a server on the same machine)"`
}

// Limits of the registration doors.
type Limits struct {
	Refusals        int `koanf:"refusals" help:"refusals a minute by address"`
	Answers         int `koanf:"answers" help:"answers a minute by address and serial"`
	Boardings       int `koanf:"boardings" help:"new devices an hour by key, proved door"`
	SimpleBoardings int `koanf:"simple_boardings" help:"new devices an hour by key, simple door"`
	Waiting         int `koanf:"waiting" help:"waiting strangers by key"`
}

// Agents says how industrial agents are served.
type Agents struct {
	PlainHTTP bool   `koanf:"plain_http" help:"answer agents over plain HTTP from elsewhere than this machine"`
	Files     string `koanf:"files" help:"folder of agents' files, which replicas share; empty: files in the data folder"`
	Tokens    int    `koanf:"tokens" help:"token requests a minute by agent and address"`
	Renewals  int    `koanf:"renewals" help:"registrations and renewals a minute by agent and address"`
	Calls     int    `koanf:"calls" help:"other requests a minute by agent and address"`
}

// Log says how much is told, and in what form.
type Log struct {
	Level  string `koanf:"level" help:"debug, info, warn or error"`
	Format string `koanf:"format" help:"text or json"`
}

func defaults() Config {
	return Config{
		Data:              "halfkey-data",
		Connections:       16,
		Listen:            Listen{Main: ":8080", ThingSpeak: ":8081", Metrics: "127.0.0.1:9464"},
		TLS:               TLS{Mode: "off"},
		Newcomers:         []string{thingspeak.Hosted},
		Mail:              Mail{TLS: notify.StartTLS},
		Limits:            Limits{Refusals: 30, Answers: 60, Boardings: 600, SimpleBoardings: 30, Waiting: 100},
		ClassicIterations: orgs.ClassicCountLeast,
		Agents:            Agents{Tokens: agents.DefaultBounds.Tokens, Renewals: agents.DefaultBounds.Renewals, Calls: agents.DefaultBounds.Calls},
		Log:               Log{Level: "info", Format: "text"},
	}
}

// check finds what cannot work and fills in what follows from the rest.
func (c *Config) check() error {
	var wrong []error
	say := func(key, what string) { wrong = append(wrong, fmt.Errorf("%s: %s", key, what)) }
	switch c.TLS.Mode {
	case "off", "self":
	case "file":
		if c.TLS.Cert == "" || c.TLS.Key == "" {
			say("tls.mode", "file needs tls.cert and tls.key")
		}
	default:
		say("tls.mode", "is off, self or file")
	}
	if c.Database != "" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		say("database", "begins with postgres://")
	}
	if _, err := c.logLevel(); err != nil {
		say("log.level", "is debug, info, warn or error")
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		say("log.format", "is text or json")
	}
	if _, err := peer.ParseTrusted(c.TrustedProxies); err != nil {
		say("trusted_proxies", err.Error())
	}
	c.checkAddresses(say)
	if _, err := c.mailer(); err != nil {
		say("mail", err.Error())
	}
	if n := c.ClassicIterations; n < orgs.ClassicCountLeast || n > orgs.ClassicCountMost {
		say("classic_iterations", fmt.Sprintf("is a number from %d to %d", orgs.ClassicCountLeast, orgs.ClassicCountMost))
	}
	if c.Keyset == "" {
		c.Keyset = filepath.Join(c.Data, "keyset.json")
	}
	if c.Agents.Files == "" {
		c.Agents.Files = filepath.Join(c.Data, "files")
	}
	return errors.Join(wrong...)
}

// checkAddresses writes those that can be used as they are used.
func (c *Config) checkAddresses(say func(key, what string)) {
	for _, u := range []struct {
		key   string
		value *string
	}{{"base_url", &c.BaseURL}, {"thingspeak_url", &c.ThingSpeakURL}} {
		if *u.value == "" {
			continue
		}
		if address, err := orgs.ParseBaseURL(*u.value); err != nil {
			say(u.key, "is an address like https://halfkey.example or http://192.168.1.5:8080")
		} else {
			*u.value = address
		}
	}
	for i, u := range c.Newcomers {
		if address, err := outward.CheckURL(u, c.PrivateTargets); err != nil || address.RawQuery != "" {
			say("newcomers_thingspeak", "is a list of addresses like https://api.thingspeak.com, on the public internet unless private_targets is set")
		} else {
			c.Newcomers[i] = strings.TrimRight(address.String(), "/")
		}
	}
	for _, l := range []struct{ key, value string }{{"listen.main", c.Listen.Main}, {"listen.thingspeak", c.Listen.ThingSpeak}, {"listen.metrics", c.Listen.Metrics}} {
		if _, _, err := net.SplitHostPort(l.value); err != nil && (l.value != "" || l.key != "listen.metrics") {
			say(l.key, "is an address like 127.0.0.1:8080 or :8080")
		}
	}
}

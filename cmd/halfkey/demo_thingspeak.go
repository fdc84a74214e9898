package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/orgs"
)

// neighbour is a second Halfkey in the same process that plays ThingSpeak: it has
// doors, a database and a keyset of its own, and the first one knows nothing of it
// but its address and an account key.
type neighbour struct {
	house *house
	url   string       // of its ThingSpeak-compatible door
	page  *door        // Homer's own site, with charts in frames
	key   vault.Secret // of Homer's account; empty: it was told at an earlier start
	other vault.Secret // of an account that nobody uses yet
}

// neighbours is the folder of its data in ours.
const neighbours = "thingspeak"

// homersChannels is how many channels Homer pays for. The other account has four,
// as one that costs nothing.
const homersChannels = 250

// besideThingSpeak serves the neighbour on the two ports above c's, its data in a
// folder of c's, and runs the demo beside it. Both end together.
func besideThingSpeak(ctx context.Context, c Config, log *slog.Logger, run func(context.Context, *neighbour) error) error {
	own := c
	own.Data = filepath.Join(c.Data, neighbours)
	own.Keyset, own.Agents.Files = filepath.Join(own.Data, "keyset.json"), filepath.Join(own.Data, "files")
	own.Database, own.BaseURL, own.ThingSpeakURL, own.TLS, own.Mail.Host = "", "", "", TLS{Mode: "off"}, ""
	own.Listen = Listen{Main: "127.0.0.1:0", ThingSpeak: portAfter(c.Listen.ThingSpeak, 1)}
	page, err := openDoor("page", portAfter(c.Listen.ThingSpeak, 2), nil)
	if err != nil {
		return err
	}
	defer page.listener.Close()
	return serve(ctx, own, io.Discard, log, func(ctx context.Context, h *house) error {
		n := &neighbour{house: h, url: "http://" + byNumber(h.config.Listen.ThingSpeak), page: page}
		if h.orgs.NeedsSetup(ctx) {
			if err := n.accounts(ctx); err != nil {
				return err
			}
		}
		n.show()
		defer page.server.Close()
		return run(ctx, n)
	})
}

// portAfter is an address whose port is so many higher; 0, any free port, stays.
func portAfter(address string, n int) string {
	host, text, _ := net.SplitHostPort(address)
	port, err := strconv.Atoi(text)
	if err != nil || port == 0 {
		return net.JoinHostPort(host, "0")
	}
	return net.JoinHostPort(host, strconv.Itoa(port+n))
}

// accounts sets the neighbour up, with an account for Homer and another one.
func (n *neighbour) accounts(ctx context.Context) error {
	token, err := n.house.orgs.SetupLink(ctx)
	if err != nil {
		return err
	}
	_, err = n.house.orgs.Setup(ctx, orgs.SetupRequest{Token: token, Name: "Smart Widgets 'R Us", Email: "admin@widgets.net", Password: vault.Secret(iam.RandomCode(20)),
		BaseURL: n.house.config.localURL(), SignUp: iam.SignUpOpen})
	if err != nil {
		return err
	}
	if n.key, err = n.account(ctx, "Homer", "homer@simps.net"); err == nil {
		n.other, err = n.account(ctx, "You", "you@example.net")
	}
	return err
}

func (n *neighbour) account(ctx context.Context, name, email string) (vault.Secret, error) {
	f, err := n.house.orgs.Found(ctx, orgs.FoundRequest{Organisation: name, Name: name, Email: email, Password: vault.Secret(iam.RandomCode(20))})
	if err != nil {
		return "", err
	}
	owner := audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(f.User), Name: name})
	_, key, err := orgs.AccountKeys{Orgs: n.house.orgs, Store: n.house.channels}.Make(owner, f.Tenant)
	return key, err
}

// homers are the channels of Homer's account.
func (n *neighbour) homers(ctx context.Context) ([]channels.Listing, error) {
	var org iam.OrgID
	if err := n.house.db.Gorm.WithContext(ctx).Raw(`SELECT id FROM orgs WHERE slug = 'homer'`).Scan(&org).Error; err != nil {
		return nil, err
	}
	return n.house.channels.AccountChannels(ctx, channels.Account{Tenant: org, Org: org})
}

// bringAccount has Homer try his key in the form, and takes it along.
func (s *household) bringAccount(ctx context.Context, r *orgs.FoundRequest) error {
	w := orgs.AccountAt(s.outside.url, s.outside.key)
	w.Settings["channels"] = strconv.Itoa(homersChannels)
	report, err := s.house.orgs.TryAccount(ctx, *w, "127.0.0.1")
	if err != nil {
		return err
	}
	r.Account = w
	s.say("    ThingSpeak answers to the account key that he types in; he has %d channels left.", report.Left)
	return nil
}

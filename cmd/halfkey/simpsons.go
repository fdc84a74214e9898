package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"halfkey/devices"
	"halfkey/devices/client"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/orgs"
)

// history is how much of the past a thermometer brings, closely measured in the end.
var history = []struct{ ago, step time.Duration }{{24 * time.Hour, 5 * time.Minute}, {15 * time.Minute, 10 * time.Second}, {}}

// household is who and what the story makes, step by step.
type household struct {
	*demo
	homer                     context.Context // acts as Homer
	tenant, home, plant       iam.OrgID
	homeKey, plantKey, oldKey wire.RegKey
	strangersKey              wire.RegKey // whoever comes with it waits for Homer's word
	accounts                  [][3]string // name, e-mail, password
}

// story plays the seed's numbered steps through the same verbs and doors that people
// and devices use.
func (d *demo) story(ctx context.Context) error {
	s := &household{demo: d}
	d.say("\nThe Simpsons move in. Numbers as in the story of the key distribution.\n")
	if d.outside == nil {
		d.say("#1  An account at ThingSpeak: no longer needed, channels live here.")
	} else {
		d.say("#1  Homer registers himself at ThingSpeak, which a second Halfkey plays at %s, and reads his account key there: %s", d.outside.url, d.outside.key.Reveal())
	}
	for _, step := range []func(context.Context) error{s.setUp, s.register, s.places, s.people, s.configure} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	d.say("\nOpen %s and sign in as\n", d.house.baseURL(ctx))
	for _, a := range s.accounts {
		d.say("    %-14s %-22s %s", a[0], a[1], a[2])
	}
	d.say("\nMarge sees Household only; for her, Power plant does not exist. Bart sees everything, and changes nothing.")
	if d.outside != nil {
		d.say("Homer's own site, %s, has ThingSpeak's charts in frames.", d.outside.siteURL())
		d.say("To type in yourself, at %s/register: the account key %s, of an account with four channels.", d.house.baseURL(ctx), d.outside.other.Reveal())
	}
	return nil
}

func (s *household) setUp(ctx context.Context) error {
	token, err := s.house.orgs.SetupLink(ctx)
	if err != nil {
		return err
	}
	_, err = s.house.orgs.Setup(ctx, orgs.SetupRequest{
		Token: token, Name: "Professor Frink", Email: "frink@simps.net", Password: s.account("Administrator", "frink@simps.net"),
		BaseURL: s.house.config.localURL(), SignUp: iam.SignUpOpen,
	})
	return err
}

func (s *household) register(ctx context.Context) error {
	r := orgs.FoundRequest{Organisation: "The Simpsons", Name: "Homer Simpson", Email: "homer@simps.net", Password: s.account("Homer", "homer@simps.net")}
	s.say("#2  Homer fills in one form: the organisation The Simpsons, he as its owner, and its first registration key.")
	if s.outside != nil {
		if err := s.bringAccount(ctx, &r); err != nil {
			return err
		}
	}
	f, err := s.house.orgs.Found(ctx, r)
	if err != nil {
		return err
	}
	s.tenant = f.Tenant
	s.homer = audit.WithActor(ctx, audit.Actor{Type: "user", ID: string(f.User), Name: "Homer Simpson"})
	return nil
}

func (s *household) places(context.Context) (err error) {
	for _, p := range []struct {
		name, kind string
		id         *iam.OrgID
	}{{"Household", "household", &s.home}, {"Power plant", "plant", &s.plant}} {
		o, err := s.house.orgs.NewOrg(s.homer, s.tenant, p.name, p.kind)
		if err != nil {
			return err
		}
		*p.id = o.ID
	}
	if s.strangersKey, err = s.key(orgs.KeyRequest{Org: s.home, Label: "Finds from the flea market", Boarding: orgs.BoardApprove}); err != nil {
		return err
	}
	if s.homeKey, err = s.key(orgs.KeyRequest{Org: s.home, Label: "Thermometers at home"}); err != nil {
		return err
	}
	if s.plantKey, err = s.key(orgs.KeyRequest{Org: s.plant, Label: "Thermometers at the plant"}); err != nil {
		return err
	}
	s.oldKey, err = s.key(orgs.KeyRequest{Org: s.home, Label: "Old thermometers, eight characters a half", Form: orgs.Classic})
	return err
}

// key issues a registration key and reads it where Homer would.
func (s *household) key(r orgs.KeyRequest) (wire.RegKey, error) { return s.house.issued(s.homer, r) }

// issued is a new registration key, both halves.
func (h *house) issued(ctx context.Context, r orgs.KeyRequest) (wire.RegKey, error) {
	k, err := h.orgs.IssueKey(ctx, r)
	if err != nil {
		return wire.RegKey{}, err
	}
	first, second, err := h.orgs.RevealKey(ctx, k.ID)
	return wire.RegKey{Form: wire.Form(k.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}, err
}

func (s *household) people(ctx context.Context) error {
	for _, p := range []struct {
		name, full, email string
		org               iam.OrgID
	}{{"Marge", "Marge Simpson", "marge@simps.net", s.home}, {"Bart", "Bart Simpson", "bart@simps.net", s.tenant}} {
		link, _, err := s.house.orgs.Invite(s.homer, p.org, p.email, "member")
		if err != nil {
			return err
		}
		if _, err := s.house.orgs.Accept(ctx, link.Reveal(), p.full, iam.Choice{Password: s.account(p.name, p.email)}); err != nil {
			return err
		}
	}
	s.say("#3  He adds Household and Power plant, invites Marge into Household and Bart into The Simpsons. Both accept.")
	return nil
}

// account draws a password, which is told once, at the end.
func (s *household) account(name, email string) vault.Secret {
	code := iam.RandomCode(16)
	password := code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:]
	s.accounts = append(s.accounts, [3]string{name, email, password})
	return vault.Secret(password)
}

func (s *household) configure(ctx context.Context) error {
	fleet := []*widget{
		{serial: "74743827342", name: "Living room", key: s.oldKey},
		{serial: "74743827343", name: "Maggie's room", key: s.homeKey},
		{serial: "74743827344", name: "Sector 7-G", key: s.plantKey},
		{serial: "74743827345", name: "Cooling tower", key: s.plantKey},
	}
	for _, t := range fleet {
		if err := s.arrive(ctx, t); err != nil {
			return err
		}
	}
	var g errgroup.Group
	for _, t := range fleet {
		g.Go(func() error {
			if err := s.open(ctx, t); err != nil {
				return err
			}
			return s.measure(ctx, t.device)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.knock(ctx, "74743827346")
}

// A widget is one of the bag of thermometers that Homer bought.
type widget struct {
	serial wire.Serial
	name   string
	key    wire.RegKey
	device *client.Client
	again  time.Duration // it was told to come again; 0: it has its credentials
}

// knock is a fifth one, which the story does not know: it asks, and waits until
// Homer accepts it.
func (s *household) knock(ctx context.Context, serial wire.Serial) error {
	t := s.device(serial, s.strangersKey)
	if err := t.Store.Save(client.State{Server: t.Server, Serial: serial, Key: s.strangersKey.Typed()}); err != nil {
		return err
	}
	if _, waits := errors.AsType[*client.NotYet](t.RegisterOnce(ctx)); !waits {
		return fmt.Errorf("%s does not wait", serial)
	}
	s.say("    %s has a key too, one whose devices wait for Homer's word. It waits on his page.", serial)
	return nil
}

// arrive is one thermometer's way from the serial console to its first call.
func (s *household) arrive(ctx context.Context, t *widget) error {
	t.device = s.device(t.serial, t.key)
	if err := t.device.Store.Save(client.State{Server: t.device.Server, Serial: t.serial, Key: t.key.Typed()}); err != nil {
		return err
	}
	s.say("#4  %s: at the console of %s he types  regkey %s-%s", t.name, t.serial, t.key.First, "••••••••")
	call := fmt.Sprintf("POST /v1/devices/%s/registrations, signed with what only the whole key gives", t.serial)
	if t.key.Form == wire.Classic {
		call = fmt.Sprintf("GET /midpoint/ws/iot/devices/%s?key=%s", t.serial, t.key.First)
	}
	s.say("#5  %s calls: %s", t.serial, call)
	err := t.device.RegisterOnce(ctx)
	if wait, waits := errors.AsType[*client.NotYet](err); waits && wait.Status == http.StatusAccepted {
		t.again = wait.After
		s.say("    Halfkey answers 202 at once: the channel is being made at ThingSpeak. %s comes again in %v", t.serial, t.again)
		return s.name(t)
	}
	if err != nil {
		return err
	}
	s.say("#5a Halfkey makes channel %s, and seals its number and write key under the second half", t.channel())
	return s.name(t)
}

// open has the thermometer come again, where it was told to, for what it opens.
func (s *household) open(ctx context.Context, t *widget) error {
	if t.again == 0 {
		return nil
	}
	select {
	case <-time.After(t.again):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := t.device.Register(ctx); err != nil {
		return err
	}
	s.say("#5a ThingSpeak has made channel %s for %s; Halfkey seals its number and write key under the second half", t.channel(), t.serial)
	return nil
}

// channel is the number that the thermometer has found in the answer.
func (t *widget) channel() string {
	kept, err := t.device.Store.Load()
	if err != nil || kept.Next == nil {
		return ""
	}
	return kept.Next.Channel.ID
}

// name is what Homer calls it on its page.
func (s *household) name(t *widget) error {
	found, err := s.house.devices.List(s.homer, devices.Filter{Text: string(t.serial), Limit: 1})
	if err != nil || len(found) != 1 {
		return fmt.Errorf("%s has not arrived: %w", t.serial, err)
	}
	return s.house.devices.Rename(s.homer, found[0].ID, t.name)
}

// measure brings a day of history, and then the first value of now.
func (s *household) measure(ctx context.Context, t *client.Client) error {
	measure, now := client.NewThermometer(string(t.Serial)).Measure, time.Now()
	for i, past := range history[:len(history)-1] {
		if err := t.Backfill(ctx, now.Add(-past.ago), now.Add(-history[i+1].ago), past.step, measure); err != nil {
			return err
		}
	}
	row, err := measure(now)
	if err != nil {
		return err
	}
	if err := t.Report(ctx, row); err != nil {
		return err
	}
	s.say("#6  %s has opened the answer and kept it; it writes %s °C", t.Serial, row.Fields[0])
	return nil
}

package webtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
	"halfkey/policies"
)

// Password opens everybody's account in these houses.
const Password = "a donut a day, every day"

// Simpsons is a house in which Homer owns The Simpsons with Household and Power
// plant, and Marge belongs to Household.
type Simpsons struct {
	*House
	Tenant, Household, Plant iam.OrgID
	Homer, Marge             *Browser
	HomerID                  iam.UserID
}

// Furnish sets the house up through its own pages.
func (h *House) Furnish(t testing.TB) *Simpsons {
	t.Helper()
	s := &Simpsons{House: h, Homer: h.Browser(t), Marge: h.Browser(t)}
	admin := h.Browser(t)
	admin.Post(t, "/setup", "token", h.Setup.Reveal(), "name", "Frink", "email", "frink@simps.net", "password", Password,
		"base_url", h.URL, "sign_up", "open").Wants(t, 303)
	s.Homer.Post(t, "/register", "organisation", "The Simpsons", "name", "Homer", "email", "homer@simps.net", "password", Password).Wants(t, 303)
	u, err := h.Users.ByEmail(t.Context(), "homer@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	s.HomerID, s.Tenant = u.ID, u.Home
	s.Household, s.Plant = s.place(t, "Household", orgs.Household), s.place(t, "Power plant", orgs.Plant)
	link := s.Homer.Post(t, "/people/invite", "org", string(s.Household), "email", "marge@simps.net", "role", string(policies.Member)).
		Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
	s.Marge.Post(t, link, "name", "Marge", "password", Password).Wants(t, 303)
	return s
}

// AsHomer is a context in which Homer acts.
func (s *Simpsons) AsHomer(t testing.TB) context.Context {
	return audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: string(s.HomerID), Name: "Homer"})
}

func (s *Simpsons) place(t testing.TB, name string, kind orgs.Kind) iam.OrgID {
	t.Helper()
	s.Homer.Post(t, "/orgs", "parent", string(s.Tenant), "name", name, "kind", string(kind)).Wants(t, 303)
	all, err := s.Orgs.Visible(s.AsHomer(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.Name == name {
			return o.ID
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}

// Key is the registration key of a place.
func (s *Simpsons) Key(t testing.TB, org iam.OrgID) wire.RegKey {
	t.Helper()
	k, err := s.Orgs.EnsureKey(s.AsHomer(t), org)
	if err != nil {
		t.Fatal(err)
	}
	first, second, err := s.Orgs.RevealKey(s.AsHomer(t), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	return wire.RegKey{Form: wire.Form(k.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}
}

// Board lets a thermometer register at the proved door with the key of a place,
// and gives what its owner sees and its write key.
func (s *Simpsons) Board(t testing.TB, org iam.OrgID, serial, name string) (devices.View, string) {
	t.Helper()
	key := s.Key(t, org)
	k := seal.Derive(key.First, key.Second.Reveal())
	nonce := wire.NewNonce()
	token := wire.Registration{First: key.First, Serial: wire.Serial(serial), Nonce: nonce}.Sign(k.Auth[:])
	res, err := http.Post(s.URL+"/v1/devices/"+serial+"/registrations", "application/jwt", bytes.NewReader(token))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	sealed, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %d %s %v", serial, res.StatusCode, sealed, err)
	}
	content, err := seal.Open(k.Seal, seal.Header{Kid: key.First, Sub: serial, Nonce: string(nonce), Cty: "application/json"}, sealed)
	if err != nil {
		t.Fatal(err)
	}
	c, err := wire.ParseCredentials(content)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Devices.ByChannel(s.AsHomer(t), c.Channel.ID)
	if err != nil {
		t.Fatal(err)
	}
	if name != "" {
		if err := s.Devices.Rename(s.AsHomer(t), d.ID, name); err != nil {
			t.Fatal(err)
		}
	}
	return d, c.Channel.WriteKey
}

// Measure writes n values, the last of them just now, one each step before.
func (s *Simpsons) Measure(t testing.TB, writeKey string, n int, step time.Duration, middle float64) {
	t.Helper()
	for i := n - 1; i >= 0; i-- {
		v := fmt.Sprintf("%.1f", middle+1.2*math.Sin(float64(i)/9)+0.3*math.Sin(float64(i)*2.1))
		e := channels.Entry{Fields: [channels.MaxFields]*string{&v}}
		if i > 0 {
			at := time.Now().Add(-time.Duration(i) * step)
			e.Created = &at
		}
		if _, err := s.Channels.Write(t.Context(), writeKey, e); err != nil {
			t.Fatal(err)
		}
	}
}

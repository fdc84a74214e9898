package web_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"halfkey/devices/client"
	"halfkey/iam"
)

// Whoever looks while a device arrives sees that its channel is being made
// elsewhere, and then the number that it has there.
func TestHomerSeesADeviceComeTwiceForAChannelElsewhere(t *testing.T) {
	s, there, at := connected(t)
	key := s.Homer.Post(t, "/devices/new", "org", string(s.Household)).Wants(t, 200).Find(t, `key=([0-9a-z]{20})`)
	page := "/devices/new?key=" + key + "&since=" + strconv.FormatInt(iam.Micros(s.Clock.Now().Add(-time.Minute)), 10)
	s.Homer.Post(t, at+"/pause").Wants(t, 303)
	d := &client.Client{Server: s.URL, Serial: "74743827361", Key: s.Key(t, s.Household), UpdateURL: there.url + "/update", Store: &client.MemoryStore{}}
	if err := d.RegisterOnce(t.Context()); err == nil {
		t.Fatal("it did not wait")
	}
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "Its channel is being made").Silent(t, "handed over")
	s.Homer.Post(t, at+"/resume").Wants(t, 303)
	there.holds(t, 1)
	for range 200 {
		if p := s.Homer.Get(t, page); !strings.Contains(p.Body, "Its channel is being made") {
			p.Says(t, "Channel 100001 made", "when it comes again")
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	fetches(t, d)
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "Channel 100001 made", "handed over").Silent(t, "when it comes again")
	if err := reports(d, t); err != nil {
		t.Error(err)
	}
}

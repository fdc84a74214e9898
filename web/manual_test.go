package web_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"halfkey/connectors/channels"
	"halfkey/devices"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

func writes(t *testing.T, s *webtest.Simpsons, key, value string) error {
	t.Helper()
	_, err := s.Channels.Write(t.Context(), key, channels.Entry{Fields: [channels.MaxFields]*string{&value}})
	return err
}

func TestHomerMakesADeviceThatCannotRegister(t *testing.T) {
	s := furnished(t)
	s.Homer.Get(t, "/devices/new").Wants(t, 200).Says(t, "cannot register itself", `href="/devices/new/manual"`)
	form := []string{"org", string(s.Household), "kind", "humidity"}
	s.Homer.Post(t, "/devices/new/manual", append(form, "name", "\x01")...).Wants(t, 422).Says(t, "printable")
	made := s.Homer.Post(t, "/devices/new/manual", append(form, "name", "Greenhouse <sketch>")...).Wants(t, 200)
	made.Says(t, "Greenhouse &lt;sketch&gt;", "Take it now", "curl -d", "HTTPClient", "/update")
	key, at := made.Find(t, `<code>([A-Z0-9]{16})</code>`), made.Find(t, `href="(/devices/[0-9a-z]{20})"`)
	if made.Header.Get("Cache-Control") != "no-store" {
		t.Error("a page with a write key may be kept by browsers:", made.Header.Get("Cache-Control"))
	}
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Made by hand", "Nothing came with it yet", "Change key").Silent(t, key, "Hand over")
	if err := writes(t, s, key, "48"); err != nil {
		t.Fatal(err)
	}
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "First value written with it", "48")
	s.Homer.Get(t, "/devices").Wants(t, 200).Says(t, "Greenhouse")

	s.Homer.Get(t, at+"/write-key").Wants(t, 200).Says(t, "until the device has written with the new one")
	s.Homer.Post(t, at+"/write-key", "until", "some day").Wants(t, 422)
	next := s.Homer.Post(t, at+"/write-key", "until", "used").Wants(t, 200).Find(t, `<code>([A-Z0-9]{16})</code>`)
	if err := errors.Join(writes(t, s, key, "49"), writes(t, s, next, "50")); err != nil {
		t.Error("the overlap:", err)
	}
	if err := writes(t, s, key, "51"); !errors.Is(err, channels.ErrKey) {
		t.Error("the old key after the new one's first use:", err)
	}
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "by hand", "changed the write key").Silent(t, key, next)

	s.Homer.Post(t, at+"/pause").Wants(t, 303)
	if err := writes(t, s, next, "52"); !errors.Is(err, channels.ErrKey) {
		t.Error("the key of a paused device:", err)
	}
	s.Homer.Post(t, at+"/write-key", "until", "now").Wants(t, 409)
	s.Homer.Post(t, at+"/resume").Wants(t, 303)
	last := s.Homer.Post(t, at+"/write-key", "until", "now").Wants(t, 200).Find(t, `<code>([A-Z0-9]{16})</code>`)
	if err := writes(t, s, next, "53"); !errors.Is(err, channels.ErrKey) {
		t.Error("a key that was to end at once:", err)
	}
	serial := s.Homer.Get(t, at).Wants(t, 200).Find(t, `>(M-[0-9A-Z]{8})<`)
	s.Homer.Post(t, at+"/offboard", "serial", serial).Wants(t, 303)
	if err := writes(t, s, last, "54"); !errors.Is(err, channels.ErrKey) {
		t.Error("the key of an offboarded device:", err)
	}
	s.Homer.Post(t, at+"/write-key", "until", "now").Wants(t, 409)
}

func TestWhoMayNotAddDevicesMakesNoneByHand(t *testing.T) {
	s := furnished(t)
	s.Marge.Get(t, "/devices/new/manual").Wants(t, 403)
	s.Marge.Post(t, "/devices/new/manual", "org", string(s.Household), "name", "Mine", "kind", "other").Wants(t, 403)
	s.Marge.Post(t, "/devices/new/manual", "org", string(s.Plant), "name", "Mine", "kind", "other").Wants(t, 404)
	made := s.Homer.Post(t, "/devices/new/manual", "org", string(s.Household), "name", "Sketch", "kind", "other").Wants(t, 200)
	at := made.Find(t, `href="(/devices/[0-9a-z]{20})"`)
	s.Marge.Post(t, at+"/write-key", "until", "now").Wants(t, 404)
	d, _ := s.Board(t, s.Household, "74743827342", "Registered")
	s.Homer.Post(t, "/devices/"+string(d.ID)+"/write-key", "until", "now").Wants(t, 404)
}

func TestThePagesOfManualDevicesAreFit(t *testing.T) {
	s := furnished(t)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "new-place", base+"/devices/new?org="+string(s.Household))
	look(t, tab, "manual", base+"/devices/new/manual?org="+string(s.Household))
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelector("[name=name]").value = "Greenhouse"; 0`)); err != nil {
		t.Fatal(err)
	}
	submits(t, tab, "form[action='/devices/new/manual']", "pre.console")
	lookHere(t, tab, "write-key")
	list, err := s.Devices.List(s.AsHomer(t), devices.Filter{Org: s.Household, Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	at := base + "/devices/" + string(list[0].ID)
	look(t, tab, "write-key-change", at+"/write-key")
	look(t, tab, "manual-device", at)
}

// lookHere judges the page that a tab shows, in every colour and width.
func lookHere(t *testing.T, tab context.Context, name string) {
	t.Helper()
	for _, theme := range uitest.Themes {
		for _, width := range uitest.Widths {
			if err := chromedp.Do(tab, uitest.As(theme, width)); err != nil {
				t.Fatal(err)
			}
			picture(t, tab, fmt.Sprintf("%s-%s-%d", name, theme, width))
		}
	}
}

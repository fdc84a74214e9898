package web_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"gorm.io/gorm"

	"halfkey/devices/client"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

// comesAboard is a device of the household whose channel is at a service outside,
// and its page.
func comesAboard(t *testing.T, s *webtest.Simpsons, there *hosted, serial string) (*client.Client, string) {
	t.Helper()
	d := &client.Client{Server: s.URL, Serial: "74743827360", Key: s.Key(t, s.Household), UpdateURL: there.url + "/update", Store: &client.MemoryStore{}}
	fetches(t, d)
	page := s.Homer.Get(t, "/devices?q="+serial).Find(t, `href="(/devices/[0-9a-z]{20})"`)
	return d, page
}

// fetches has a device come again until it is handed something.
func fetches(t *testing.T, d *client.Client) {
	t.Helper()
	var err error
	for range 200 {
		if err = d.RegisterOnce(t.Context()); err == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal(err)
}

// changesKey presses the button at the service, for the newest channel.
func (h *hosted) changesKey(t *testing.T) (number string) {
	t.Helper()
	h.db.Raw("SELECT MAX(id) FROM channels").Scan(&number)
	err := h.db.Transaction(func(tx *gorm.DB) error {
		_, err := h.store.ChangeWriteKey(t.Context(), tx, number, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func reports(d *client.Client, t *testing.T) error {
	return d.Report(t.Context(), client.Row{Fields: []string{"21.4"}})
}

// ThingSpeak has no call for another write key: a person presses the button there,
// and the device has the new key without another question.
func TestAKeyOfAChannelElsewhereIsChangedWithAPersonsHelp(t *testing.T) {
	s, there, _ := connected(t)
	d, at := comesAboard(t, s, there, "74743827360")
	if err := reports(d, t); err != nil {
		t.Fatal(err)
	}
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Rotate key…", at+"/new-key")
	s.Homer.Get(t, at+"/new-key").Wants(t, 200).Says(t, "Generate New Write API Key", "room for 3 channels more")
	s.Homer.Post(t, at+"/new-key", "do", "look").Wants(t, 409).Says(t, "still has the key that its device knows")
	for _, who := range []*webtest.Browser{s.Marge} {
		who.Get(t, at+"/new-key").Wants(t, 403)
		who.Post(t, at+"/new-key", "do", "look").Wants(t, 403)
	}

	number := there.changesKey(t)
	if err := d.Write(t.Context(), client.Row{Fields: []string{"21.4"}}); !errors.Is(err, client.ErrRefused) {
		t.Fatalf("the old key: %v", err)
	}
	s.Homer.Post(t, at+"/new-key", "do", "look").Wants(t, 303)
	if err := reports(d, t); err != nil {
		t.Errorf("the device does not get its new key: %v", err)
	}
	// That was for once: whoever comes with the registration key now is a question again.
	if _, waits := errors.AsType[*client.NotYet](d.RegisterOnce(t.Context())); !waits {
		t.Error("the key is handed out to whoever asks")
	}

	s.Homer.Post(t, at+"/new-key", "do", "replace").Wants(t, 303)
	there.holds(t, 2)
	d.Store = &client.MemoryStore{} // its registration key is typed in again
	fetches(t, d)
	if kept, _ := d.Store.Load(); kept.Next == nil || kept.Next.Channel.ID == number {
		t.Errorf("it has %+v", kept.Next)
	}
	if err := reports(d, t); err != nil {
		t.Error(err)
	}
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "at the service that keeps its channel", "another channel")
}

// A sketch cannot ask again: its new key is shown once, to be typed into it.
func TestASketchsKeyElsewhereIsShownOnceMoreAfterItWasChanged(t *testing.T) {
	s, there, _ := connected(t)
	s.Homer.Post(t, "/devices/new/manual", "org", string(s.Household), "name", "Sketch", "kind", "thermometer").Wants(t, 200)
	at := s.Homer.Get(t, "/devices").Find(t, `href="(/devices/[0-9a-z]{20})"`)
	there.holds(t, 1)
	shown := func() string {
		t.Helper()
		for range 200 {
			if p := s.Homer.Post(t, at+"/write-key", "sure", "1"); p.Status == 200 && strings.Contains(p.Body, "<code>") {
				return p.Find(t, `<code>([A-Z0-9]{16})</code>`)
			}
			time.Sleep(25 * time.Millisecond)
		}
		t.Fatal("its key is never shown")
		return ""
	}
	first := shown()
	s.Homer.Get(t, at).Wants(t, 200).Says(t, at+"/new-key").Silent(t, first)
	there.changesKey(t)
	s.Homer.Post(t, at+"/new-key", "do", "look").Wants(t, 303)
	if second := shown(); second == first {
		t.Error("the old key is shown again")
	}
}

func TestThePageOfAKeyElsewhereIsFitForEverybody(t *testing.T) {
	s, there, _ := connected(t)
	_, at := comesAboard(t, s, there, "74743827360")
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "new-key", base+at+"/new-key")
	if err := chromedp.Do(tab, uitest.As("light", 1280)); err != nil {
		t.Fatal(err)
	}
	presses(t, tab, "[value=look]", says("still has the key"))
	picture(t, tab, "new-key-same")
}

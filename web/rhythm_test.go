package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"halfkey/connectors/channels"
	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/webtest"
)

func TestWhoAskedHearsOfASilentDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		_, key := s.Board(t, s.Plant, "74743827342", "Reactor")
		s.Measure(t, key, 5, 15*time.Second, 21)
		exec := func(sql string, args ...any) {
			t.Helper()
			if err := s.DB.Exec(sql, args...).Error; err != nil {
				t.Fatal(err)
			}
		}
		watch := &rhythm.Watch{Devices: s.Devices, Post: s.Post, Hooks: s.Hooks}
		round := func() {
			t.Helper()
			if err := watch.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		told := func(who *webtest.Browser) string { return who.Get(t, "/").Body + who.Get(t, "/c").Body }
		long := time.Now().Add(-48 * time.Hour).UnixMicro()
		exec("UPDATE channels SET last_entry_at = ?", long)
		round()
		var n int
		if err := s.DB.Raw("SELECT COUNT(*) FROM device_watch").Row().Scan(&n); err != nil || n != 0 {
			t.Fatal("devices are watched though nobody asked:", n, err)
		}
		for _, who := range []*webtest.Browser{s.Homer, s.Marge} { // Marge may not see the power plant
			who.Get(t, "/me").Wants(t, 200).Says(t, "Silent devices")
			who.Post(t, "/me/silence", "silence", "on").Wants(t, 303)
			who.Get(t, "/me").Wants(t, 200).Says(t, `name="silence" value="on" checked`)
		}
		round()
		if strings.Contains(told(s.Homer), "fallen silent") {
			t.Error("what was silent before anybody asked is news")
		}
		value := "22"
		if _, err := s.Channels.Write(t.Context(), key, channels.Entry{Fields: [channels.MaxFields]*string{&value}}); err != nil {
			t.Fatal(err)
		}
		exec("UPDATE device_watch SET due_at = 1")
		round()
		if !strings.Contains(told(s.Homer), "Reactor is heard again") {
			t.Error("Homer does not hear that it is back")
		}
		exec("UPDATE channels SET last_entry_at = ?", long)
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(told(s.Homer), "Reactor has fallen silent"); { // readings are remembered for two seconds
			if time.Now().After(deadline) {
				t.Fatal("Homer does not hear of silence")
			}
			exec("UPDATE device_watch SET due_at = 1")
			round()
			time.Sleep(200 * time.Millisecond)
		}
		exec("UPDATE device_watch SET due_at = 1")
		round()
		if err := s.DB.Raw("SELECT COUNT(*) FROM notices WHERE kind = ?", rhythm.DeviceSilent).Row().Scan(&n); err != nil || n != 1 {
			t.Error("one silence is told", n, "times", err)
		}
		if strings.Contains(told(s.Marge), "Reactor") {
			t.Error("Marge hears of a device that she may not see")
		}
		for _, who := range []*webtest.Browser{s.Homer, s.Marge} {
			who.Post(t, "/me/silence").Wants(t, 303)
		}
		round()
		if err := s.DB.Raw("SELECT COUNT(*) FROM device_watch").Row().Scan(&n); err != nil || n != 0 {
			t.Error("devices are watched though nobody asks any more:", n, err)
		}
	})
}

func TestAWebhookIsCalledSignedAndAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := webtest.On(t, db, slog.DiscardHandler).Furnish(t)
		answer := http.StatusInternalServerError
		var signed, body string
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			signed, body = r.Header.Get("Halfkey-Signature"), string(b)
			w.WriteHeader(answer)
		}))
		defer receiver.Close()
		at := "/orgs/" + string(s.Household) + "/webhooks"
		s.Marge.Get(t, at).Wants(t, 403)
		s.Homer.Get(t, "/orgs/"+string(s.Household)).Wants(t, 200).Says(t, `href="`+at+`"`)
		for _, odd := range []string{"", "ftp://x.net", "javascript:alert(1)", "https://user:pw@x.net/", "https://"} {
			s.Homer.Post(t, at, "url", odd).Wants(t, 422).Says(t, "https address")
		}
		made := s.Homer.Post(t, at, "url", receiver.URL+"/a-path-that-is-a-permission").Wants(t, 200).Says(t, "Take the secret now")
		secret := made.Find(t, `<code>(whsec_[a-z0-9]{52})</code>`)
		s.Homer.Get(t, at).Wants(t, 200).Silent(t, secret, "a-path-that-is").Says(t, "Nothing was told yet")
		test := made.Find(t, `action="(`+at+`/[a-z0-9]+/test)"`)
		s.Homer.Post(t, test).Wants(t, 303)

		hooks := notify.Caller{Hooks: s.Hooks}
		try := func(attempt int) error {
			t.Helper()
			var id string
			if err := s.DB.Raw("SELECT id FROM webhook_calls ORDER BY created_at DESC LIMIT 1").Scan(&id).Error; err != nil || id == "" {
				t.Fatal("no call", err)
			}
			return hooks.Work(t.Context(), &river.Job[notify.Hooking]{JobRow: &rivertype.JobRow{Attempt: attempt}, Args: notify.Hooking{Call: id}})
		}
		if err := try(1); err == nil || strings.Contains(err.Error(), "permission") {
			t.Error("a call that was not taken ends well, or names the address:", err)
		}
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "Tried again later", "500")
		answer = http.StatusNoContent
		if err := try(2); err != nil {
			t.Error(err)
		}
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "Taken", "204")
		when, mac, _ := strings.Cut(strings.TrimPrefix(signed, "t="), ",v1=")
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(when + "." + body))
		if mac != hex.EncodeToString(h.Sum(nil)) || !strings.Contains(body, `"kind":"test"`) {
			t.Errorf("the call is signed %q over %q", signed, body)
		}
		body = ""
		if err := try(3); err != nil || body != "" {
			t.Error("a call that was taken is made again:", err, body)
		}

		answer = http.StatusFound // what is told is meant for one address
		s.Homer.Post(t, test).Wants(t, 303)
		if err := try(1); err == nil {
			t.Error("a redirect counts as taken")
		}
		hooks.Client = notify.HookClient(false)
		if err := try(2); err == nil {
			t.Error("a call into our own network is made")
		}
		s.Homer.Get(t, at).Wants(t, 200).Says(t, "leads into this network")
		s.Homer.Post(t, strings.Replace(test, "/test", "/remove", 1)).Wants(t, 303)
		if err := try(3); err != nil {
			t.Error(err)
		}
		s.Homer.Post(t, test).Wants(t, 404)
		s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "made a webhook").Silent(t, "a-path-that-is", secret)
		if _, _, err := (orgs.Webhooks{Orgs: s.Orgs, Hooks: s.Hooks}).Make(s.AsHomer(t), s.Household, "http://\x00"); !errors.Is(err, notify.ErrHookURL) {
			t.Error("a torn address:", err)
		}
	})
}

// A webhook is told what whoever made it may read, and no more.
func TestAWebhookHearsWhatItsMakerMayRead(t *testing.T) {
	s := furnished(t)
	boss := joins(t, s, "Burns", s.Tenant, policies.Manager)
	boss.Post(t, "/orgs/"+string(s.Tenant)+"/webhooks", "url", "https://hooks.example.net/x").Wants(t, 200)
	private := true
	if _, err := s.Orgs.Settle(s.AsHomer(t), s.Household, orgs.Settings{Private: &private}, orgs.With{}); err != nil {
		t.Fatal(err)
	}
	for serial, at := range map[string]iam.OrgID{"74743827342": s.Household, "74743827343": s.Plant} {
		_, key := s.Board(t, at, serial, "Device "+serial)
		s.Measure(t, key, 5, 15*time.Second, 21)
	}
	watch := &rhythm.Watch{Devices: s.Devices, Post: s.Post, Hooks: s.Hooks}
	fallSilent := func() (told string) {
		t.Helper()
		if err := errors.Join(watch.Run(t.Context()), s.DB.Exec("DELETE FROM webhook_calls").Error); err != nil {
			t.Fatal(err)
		}
		s.Clock.Turn(48 * time.Hour)
		if err := watch.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all []string
		if err := s.DB.Raw("SELECT body FROM webhook_calls").Scan(&all).Error; err != nil {
			t.Fatal(err)
		}
		return strings.Join(all, "\n")
	}
	if told := fallSilent(); strings.Contains(told, "74743827342") || !strings.Contains(told, "74743827343") {
		t.Error("who manages above a private place has his webhook told", told)
	}
}

func TestTheWebhookPageIsFit(t *testing.T) {
	s := furnished(t)
	at := "/orgs/" + string(s.Household) + "/webhooks"
	made := s.Homer.Post(t, at, "url", "https://hooks.example.net/x").Wants(t, 200)
	s.Homer.Post(t, made.Find(t, `action="(`+at+`/[a-z0-9]+/test)"`)).Wants(t, 303)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "webhooks", base+at)
	look(t, tab, "me-silence", base+"/me")
}

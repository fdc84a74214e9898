package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/connectors/connectortest"
	outer "halfkey/connectors/thingspeak"
	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
	"halfkey/web/thingspeak"
)

// A hosted is another Halfkey that the house takes for a ThingSpeak.
type hosted struct {
	url, account string
	db           *gorm.DB
	store        *channels.Store
}

func newHosted(t *testing.T) *hosted {
	t.Helper()
	db := dbtest.SQLite(t).Gorm
	v := good(vault.Open(filepath.Join(t.TempDir(), "keyset")))(t)
	good(audit.Attach(db, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")}))(t)
	const org = iam.OrgID("00000000000000000001")
	good(0, db.Exec(`INSERT INTO orgs (id, tenant_id, kind, slug, name, state, created_at) VALUES (?, ?, 'tenant', 'hosted', 'Hosted', 'active', 0)`, org, org).Error)(t)
	h := &hosted{db: db, store: &channels.Store{DB: db, Vault: v, Now: time.Now}}
	good(0, db.Transaction(func(tx *gorm.DB) error {
		key, _, err := h.store.NewAccountKey(t.Context(), tx, org, org, "somebody")
		h.account = key.Reveal()
		return err
	}))(t)
	s := httptest.NewServer(thingspeak.New(thingspeak.Config{Store: h.store}))
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

func good[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// connect gives the house a desk for services outside.
func (d *door) connect(t *testing.T, log io.Writer) *connectors.Desk {
	t.Helper()
	service := outer.New(true)
	desk := &connectors.Desk{DB: d.DB, Vault: d.Vault, Decider: d.Decider, Services: map[string]connectors.Service{service.Name(): service}, Now: d.Now,
		Log: slog.New(slog.NewTextHandler(log, nil)), Told: d.ChannelNews, After: d.ChannelTold, Patience: time.Second}
	d.Connectors.Providers[outer.Provider] = &connectors.Outside{Service: service, Vault: d.Vault, Now: d.Now, Wake: func() {}}
	t.Cleanup(desk.Stop)
	return desk
}

func (h *hosted) draft(key string) connectors.Draft {
	return connectors.Draft{Service: outer.Provider, Name: "Hosted", Settings: connectors.Settings{"base_url": h.url, "channels": "4"}, Secret: vault.Secret(key)}
}

func TestADeviceNeverWaitsForAServiceOutside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		var log safeBuffer
		d, there := open(t, db, &log), newHosted(t)
		desk, homer := d.connect(t, &log), As(t, d.Homer)
		// Until the first device is aboard nobody needs a hosted service that answers.
		id := good(desk.Open(homer, d.Simpsons, d.Simpsons, there.draft(there.account)))(t)
		desk.Stop()
		key := d.Key(t)
		for range 3 {
			r, _ := d.proved(key, serialNo)
			if r.wants(t, http.StatusAccepted); r.Header().Get("Retry-After") == "" {
				t.Error("the device is not told when to come again")
			}
		}
		waits := good(d.List(homer, devicesFilter("")))(t)[0].ID
		good(0, d.Suspend(homer, waits))(t) // meanwhile, and it has still heard of nothing
		good(0, d.Resume(homer, waits))(t)
		if dev := good(d.Get(homer, waits))(t); dev.State != devices.Provisioning {
			t.Errorf("after a pause it is %s", dev.State)
		}
		good(0, desk.Run(t.Context()))(t)
		d.Clock.Pass(2 * time.Hour)
		c := d.board(t, key, serialNo, 200)
		if c.Channel.Provider != outer.Provider || c.Channel.ID != "100001" || c.Channel.UpdateURL != there.url+"/update" || c.Device.Secret == "" {
			t.Fatalf("%+v", c)
		}
		if again := d.board(t, key, serialNo, 200); again.Channel != c.Channel {
			t.Errorf("again it is told %+v", again.Channel)
		}
		res := good(http.PostForm(c.Channel.UpdateURL, url.Values{"api_key": {c.Channel.WriteKey}, "field1": {"21.5"}}))(t)
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatalf("the key does not write: %s", res.Status)
		}
		// Its owner names it, and so it is called there.
		list := good(d.List(homer, devicesFilter("")))(t)
		good(0, d.Rename(homer, list[0].ID, "Cellar"))(t)
		good(0, desk.Run(t.Context()))(t)
		var name string
		there.db.Raw("SELECT name FROM channels").Scan(&name)
		if s := good(desk.Status(homer, id))(t); name != "Cellar" || s.Channels != 1 || s.Left != 3 || s.Ready != 1 || s.Trouble != "" {
			t.Errorf("there it is called %q; %+v", name, s)
		}
		// Somebody deletes it there: the next call brings another one.
		there.db.Exec("DELETE FROM channel_keys")
		there.db.Exec("DELETE FROM channels")
		d.Clock.Pass(2 * time.Hour)
		diff := good(desk.Compare(homer, id))(t)
		if len(diff) != 1 || diff[0].Kind != connectors.DiffMissing {
			t.Errorf("differences %+v", diff)
		}
		if done := good(desk.Apply(homer, id, nil))(t); len(done) != 0 {
			t.Errorf("nothing was chosen, and done was %+v", done)
		}
		if done := good(desk.Apply(homer, id, diff))(t); len(done) != 1 {
			t.Errorf("done was %+v", done)
		}
		if rows := good(desk.Projections(homer, id, "", 10))(t); len(rows) != 1 || rows[0].State != connectors.Lost || rows[0].Entries != 1 || len(rows[0].WriteSealed) > 0 {
			t.Errorf("projections %+v", rows)
		}
		if dev := good(d.Get(homer, list[0].ID))(t); dev.State != devices.Lost {
			t.Errorf("the device is %s", dev.State)
		}
		r, _ := d.proved(key, serialNo)
		r.wants(t, http.StatusAccepted)
		good(0, desk.Run(t.Context()))(t)
		if anew := d.board(t, key, serialNo, 200); anew.Channel.ID == c.Channel.ID || anew.Version <= c.Version {
			t.Errorf("anew it is told %+v", anew)
		}
		if n := d.Lines(t, "device.channel-again"); n != 1 {
			t.Errorf("%d lines in the trail", n)
		}
		if s := log.String(); strings.Contains(s, there.account) || strings.Contains(s, c.Channel.WriteKey) {
			t.Error("a key stands in the log")
		}
	})
}

func TestAConnectionIsTriedBeforeItIsTrusted(t *testing.T) {
	var log safeBuffer
	d, there := open(t, dbtest.SQLite(t), &log), newHosted(t)
	desk, homer, marge, ned := d.connect(t, &log), As(t, d.Homer), As(t, d.Marge), As(t, d.Ned)
	desk.Stop() // it runs when the test says so
	if r := good(desk.Test(homer, d.Simpsons, there.draft(there.account)))(t); r != (connectors.Report{Channels: 0, Left: 4}) {
		t.Errorf("the test says %+v", r)
	}
	wants := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	test := func(ctx context.Context, w connectors.Draft) error {
		_, err := desk.Test(ctx, d.Simpsons, w)
		return err
	}
	wrong := there.draft("AAAAAAAAAAAAAAAA")
	wants("a wrong key", test(homer, wrong), connectors.ErrTestKey)
	wants("no key", test(homer, there.draft("")), connectors.ErrSecret)
	wants("a member", test(marge, there.draft(there.account)), policies.ErrHidden)
	for _, bad := range []string{"ftp://x", "not an address", "https://user:pass@x", "https://x/?api_key=1"} {
		w := there.draft(there.account)
		w.Settings["base_url"] = bad
		wants(bad, test(homer, w), outer.ErrSettings)
	}
	closed := there.draft(there.account)
	closed.Settings["base_url"] = "http://127.0.0.1:1"
	wants("nobody there", test(homer, closed), connectors.ErrTestSilent)
	id := good(desk.Open(homer, d.Simpsons, d.Simpsons, wrong))(t)
	_, err := desk.Status(ned, id)
	wants("another tenant", err, connectors.ErrUnknown)
	// A device comes; the key is refused, and that stops the connector until somebody acts.
	key := d.Key(t)
	r, _ := d.proved(key, serialNo)
	r.wants(t, http.StatusAccepted)
	good(0, desk.Run(t.Context()))(t)
	s := good(desk.Status(homer, id))(t)
	if s.Trouble != "account" || s.Waiting != 1 || strings.Contains(mustJSON(t, s), "AAAAAAAAAAAAAAAA") {
		t.Errorf("with a wrong key: %+v", s)
	}
	wants("a change to another wrong key", desk.Change(homer, id, there.draft("BBBBBBBBBBBBBBBB")), connectors.ErrTestKey)
	good(0, desk.Change(homer, id, there.draft(there.account)))(t)
	good(0, desk.Pause(homer, id))(t)
	good(0, desk.Run(t.Context()))(t)
	r, _ = d.proved(key, serialNo)
	r.wants(t, http.StatusAccepted)
	good(0, desk.Resume(homer, id))(t)
	good(0, desk.Run(t.Context()))(t)
	d.board(t, key, serialNo, 200)
	wants("a connector that is used", desk.Remove(homer, id), connectors.ErrInUse)
	if list := good(desk.Connectors(homer, d.Household))(t); len(list) != 2 || list[0].ID != id || !list[0].Inherited {
		t.Errorf("the household is served by %+v", list)
	}
	for verb, n := range map[string]int{"connector.open": 1, "connector.refused": 1, "connector.change": 1, "connector.pause": 1, "connector.resume": 1} {
		if got := d.Lines(t, verb); got != n {
			t.Errorf("%d lines of %s", got, verb)
		}
	}
}

// With no room in the account the fifth device waits, and comes aboard when there is some.
func TestAFullAccountMakesDevicesWait(t *testing.T) {
	var log safeBuffer
	d, there := open(t, dbtest.SQLite(t), &log), newHosted(t)
	desk, homer := d.connect(t, &log), As(t, d.Homer)
	desk.Stop()
	proxy := connectortest.NewProxy(t, there.url)
	w := there.draft(there.account)
	w.Settings["base_url"] = proxy.URL
	id := good(desk.Open(homer, d.Simpsons, d.Simpsons, w))(t)
	key := d.Key(t)
	serials := []string{"74743827342", "74743827343", "74743827344", "74743827345", "74743827346"}
	for _, serial := range serials {
		r, _ := d.proved(key, serial)
		r.wants(t, http.StatusAccepted)
		d.Clock.Pass(time.Second) // who came first is served first
	}
	good(0, desk.Run(t.Context()))(t)
	for _, serial := range serials[:4] {
		d.board(t, key, serial, 200)
	}
	r, _ := d.proved(key, serials[4])
	r.wants(t, http.StatusAccepted)
	if s := good(desk.Status(homer, id))(t); s.Left != 0 || s.Waiting != 1 || s.Trouble != "" {
		t.Errorf("%+v", s)
	}
	if calls := proxy.Calls.Load(); calls > 5 {
		t.Errorf("%d calls: a full account was asked for more", calls)
	}
	// One device goes without having written; its channel goes too, and there is room.
	list := good(d.List(homer, devicesFilter(serials[0])))(t)
	good(0, d.Retire(homer, list[0].ID, serials[0]))(t)
	for range 4 {
		d.Clock.Pass(time.Minute)
		good(0, desk.Run(t.Context()))(t)
	}
	d.board(t, key, serials[4], 200)
}

// A channel made ahead is handed out at once.
func TestAWarmPoolSparesTheSecondCall(t *testing.T) {
	var log safeBuffer
	d, there := open(t, dbtest.SQLite(t), &log), newHosted(t)
	desk, homer := d.connect(t, &log), As(t, d.Homer)
	desk.Stop()
	w := there.draft(there.account)
	w.Settings["pool"] = "2"
	good(desk.Open(homer, d.Simpsons, d.Simpsons, w))(t)
	good(0, desk.Run(t.Context()))(t)
	c := d.board(t, d.Key(t), serialNo, 201)
	good(0, desk.Run(t.Context()))(t)
	var name string
	there.db.Raw("SELECT name FROM channels WHERE id = CAST(? AS BIGINT)", c.Channel.ID).Scan(&name)
	if name != serialNo {
		t.Errorf("its channel is called %q there", name)
	}
	var n int
	there.db.Raw("SELECT COUNT(*) FROM channels").Scan(&n)
	if n != 3 {
		t.Errorf("%d channels, want the device's and two ahead", n)
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func mustJSON(t *testing.T, v any) string { return string(good(json.Marshal(v))(t)) }

package thingspeak

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/connectors/connectortest"
	outer "halfkey/connectors/thingspeak"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// A caller is a Halfkey that keeps its channels in another one, which it takes
// for a ThingSpeak.
type caller struct {
	*connectors.Desk
	provider *connectors.Outside
	db       *gorm.DB
	there    *house // the other one
	proxy    *connectortest.Proxy
	now      time.Time
	mu       sync.Mutex
	news     map[string]int
	copies   *channels.Store
}

const (
	ours     = iam.OrgID("00000000000000000021")
	below    = iam.OrgID("00000000000000000022")
	ourStore = connectors.ID("00000000000000000031")
)

func newCaller(t testing.TB, db *migrations.DB, settings string) *caller {
	t.Helper()
	c := &caller{db: db.Gorm, there: newHouse(t), now: time.Now().UTC(), news: map[string]int{}}
	c.proxy = connectortest.NewProxy(t, "http://"+c.there.addr)
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	must(t, err)
	_, err = audit.Attach(c.db, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")})
	must(t, err)
	for _, o := range []iam.OrgID{ours, below} {
		must(t, c.db.Exec(`INSERT INTO orgs (id, tenant_id, kind, slug, name, state, created_at) VALUES (?, ?, 'unit', ?, ?, 'active', 0)`, o, ours, o, o).Error)
	}
	must(t, c.db.Transaction(func(tx *gorm.DB) error {
		sealed, err := v.Seal(tx, vault.Cell{Tenant: string(ours), Column: "connectors.secrets_sealed", Row: string(ourStore)}, []byte(c.there.account))
		if err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO connectors (id, tenant_id, org_id, provider, name, state, created_at, settings, secrets_sealed) VALUES (?, ?, ?, 'thingspeak', 'There', 'active', 0, ?, ?)`,
			ourStore, ours, ours, strings.Replace(settings, "{", `{"base_url":"`+c.proxy.URL+`",`, 1), sealed).Error
	}))
	service := outer.New(true)
	clock := func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
	c.copies = &channels.Store{DB: c.db, Vault: v, Now: clock}
	c.Desk = &connectors.Desk{Keeps: c.copies, DB: c.db, Vault: v, Services: map[string]connectors.Service{outer.Provider: service}, Now: clock, Log: slog.New(slog.DiscardHandler), Patience: 150 * time.Millisecond,
		Told: func(_ context.Context, _ *gorm.DB, n connectors.News) error { c.news[n.Kind]++; return nil }}
	c.provider = &connectors.Outside{Service: service, Vault: v, Keeps: c.copies, Now: clock, Wake: func() {}}
	return c
}

func (c *caller) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *caller) waiting(t testing.TB) (n int64) {
	t.Helper()
	must(t, c.db.Raw(`SELECT COUNT(*) FROM projections WHERE pending <> ''`).Scan(&n).Error)
	return n
}

// settle turns the clock until nothing is to be done, and once more for the sweep.
func (c *caller) settle(t testing.TB) {
	t.Helper()
	for range 2 {
		c.pass(2 * time.Hour)
		for range 400 {
			must(t, c.Run(t.Context()))
			if c.waiting(t) == 0 {
				break
			}
			c.pass(20 * time.Second)
		}
	}
}

func (c *caller) wish(t testing.TB, op string) (made connectors.Channel) {
	t.Helper()
	must(t, c.db.Transaction(func(tx *gorm.DB) (err error) {
		made, err = c.provider.Create(t.Context(), tx, connectors.Wanted{Op: op, By: ourStore, Tenant: ours, Org: below, Name: "Device " + op, Fields: connectors.Thermometer.Fields()})
		return err
	}))
	return made
}

func (c *caller) keys(t testing.TB, id string) connectors.Channel {
	t.Helper()
	got, err := c.provider.Keys(t.Context(), c.db, ours, id)
	must(t, err)
	return got
}

func TestAnotherHalfkeyIsAProvider(t *testing.T) {
	for name, share := range map[string]float64{"directly": 0, "through faults": 0.3} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) connectortest.House {
				c := newCaller(t, dbtest.SQLite(t), `{"channels":"0"}`)
				return connectortest.House{DB: c.db, Provider: c.provider, Tenant: ours, Org: ours, Other: below, By: ourStore,
					Settle: func(t *testing.T) { c.proxy.Fail(share); c.settle(t); c.proxy.Calm(); c.settle(t) },
					Write: func(key, value string) error {
						res, err := http.PostForm("http://"+c.there.addr+"/update", url.Values{"api_key": {key}, "field1": {value}})
						if err != nil {
							return err
						}
						defer res.Body.Close()
						if res.StatusCode != 200 {
							return errors.New(res.Status)
						}
						return nil
					},
					Seen: func(t *testing.T, id string) []string {
						c.proxy.Fail(share)
						for range 10 {
							c.looks(t, id)
							c.pass(20 * time.Second)
						}
						c.proxy.Calm()
						c.pass(10 * time.Minute)
						c.looks(t, id)
						return c.seen(t, id)
					}}
			})
		})
	}
}

// fleet is how many devices come: HALFKEY_TEST_SOAK brings a thousand.
func fleet() int {
	if os.Getenv("HALFKEY_TEST_SOAK") != "" {
		return 1000
	}
	return 60
}

// Whatever goes wrong on the line, each device has exactly one channel in the
// end, none is left over, and none lost.
func TestEachDeviceHasOneChannelWhateverGoesWrong(t *testing.T) {
	db := map[string]func(testing.TB) *migrations.DB{"sqlite": dbtest.SQLite}
	if os.Getenv("HALFKEY_TEST_SOAK") != "" {
		db["postgres"] = dbtest.Postgres
	}
	for dialect, open := range db {
		t.Run(dialect, func(t *testing.T) {
			c := newCaller(t, open(t), `{"channels":"0"}`)
			c.proxy.Fail(0.4)
			var ids []string
			for i := range fleet() {
				ids = append(ids, c.wish(t, "op-"+strconv.Itoa(i)).ID)
				if i%7 == 0 {
					must(t, c.Run(t.Context()))
					c.pass(7 * time.Second)
				}
			}
			for tries := 0; slices.Min(c.proxy.Made()) < fleet()/60 || c.waiting(t) > 0; tries++ {
				if tries > 10*fleet() {
					var left []connectors.Projection
					c.db.Where("pending <> ''").Find(&left)
					t.Fatalf("not done: %+v, %v, %+v", c.proxy.Made(), c.news, left)
				}
				c.pass(20 * time.Second)
				must(t, c.Run(t.Context()))
				if c.waiting(t) == 0 && slices.Min(c.proxy.Made()) < fleet()/60 {
					ids = append(ids, c.wish(t, "op-"+strconv.Itoa(len(ids))).ID) // not every fault was met yet
				}
			}
			c.proxy.Calm()
			c.settle(t)
			channels := map[string]bool{}
			for i, id := range ids {
				got := c.keys(t, id)
				if got.Pending || got.WriteKey == "" || channels[got.Outside] {
					t.Fatalf("device %d has %+v", i, got)
				}
				channels[got.Outside] = true
				c.there.wants(t, "GET", "/update?api_key="+got.WriteKey.Reveal()+"&field1="+strconv.Itoa(i), "", 200, "1")
				c.there.wants(t, "GET", "/channels/"+got.Outside+"/fields/1/last?api_key="+got.WriteKey.Reveal(), "", 200, strconv.Itoa(i))
			}
			var there int64
			must(t, c.there.db.Raw(`SELECT COUNT(*) FROM channels WHERE source = 'account'`).Scan(&there).Error)
			if int(there) != len(ids) {
				t.Errorf("%d devices have %d channels", len(ids), there)
			}
			t.Logf("%d devices, %d calls, %d channels; faults %v", len(ids), c.proxy.Calls.Load(), there, c.proxy.Made())
		})
	}
}

// For an hour the service is away: devices are taken all the same, it is asked
// rarely, and then everything is done, in order.
func TestAnHourWithoutTheServiceIsMadeUpFor(t *testing.T) {
	c := newCaller(t, dbtest.SQLite(t), `{"channels":"0"}`)
	must(t, c.Run(t.Context()))
	c.proxy.Fail(1, connectortest.Shut)
	before := c.proxy.Calls.Load()
	var ids []string
	for i := range 120 {
		ids = append(ids, c.wish(t, "op-"+strconv.Itoa(i)).ID)
		c.pass(30 * time.Second)
		must(t, c.Run(t.Context()))
	}
	if n := c.proxy.Calls.Load() - before; n > 40 {
		t.Errorf("a service that was away for an hour was called %d times", n)
	}
	c.proxy.Calm()
	c.settle(t)
	last := int64(0)
	for _, id := range ids {
		n, err := strconv.ParseInt(c.keys(t, id).Outside, 10, 64)
		if must(t, err); n <= last {
			t.Errorf("channel %d was made after %d", last, n)
		}
		last = n
	}
}

// What people do over there is noticed: keys changed by hand are taken over, a
// name is set again, what looks like the wrong account is left to a person, and
// what is not ours is left alone.
func TestWhatIsDoneThereByHandIsNoticed(t *testing.T) {
	c := newCaller(t, dbtest.SQLite(t), `{"channels":"0"}`)
	c.there.ask(t, "POST", "/channels.json?api_key=ACCOUNT&name=foreign", "")
	var ids []string
	for i := range 20 {
		ids = append(ids, c.wish(t, "op-"+strconv.Itoa(i)).ID)
	}
	c.settle(t)
	first := c.keys(t, ids[0])
	must(t, c.there.db.Exec(`UPDATE channels SET name = 'renamed' WHERE id = ?`, first.Outside).Error)
	// A stray: ours by its mark, wanted by nobody.
	c.there.ask(t, "POST", "/channels.json?api_key=ACCOUNT&name=stray&metadata=%7B%22halfkey_op%22%3A%22"+string(ourStore)+".nobody%22%7D", "")
	c.there.ask(t, "POST", "/channels.json?api_key=ACCOUNT&name=neighbour&metadata=%7B%22halfkey_op%22%3A%22another.halfkey%22%7D", "")
	c.settle(t)
	var names []string
	must(t, c.there.db.Raw(`SELECT name FROM channels WHERE source = 'account' AND name NOT LIKE 'Device op-%' ORDER BY name`).Scan(&names).Error)
	if strings.Join(names, " ") != "foreign neighbour" {
		t.Errorf("there are %v beside ours", names)
	}
	// Half of them are gone at once: that is for a person to judge.
	must(t, c.there.db.Exec(`UPDATE channels SET source = 'hidden' WHERE name LIKE 'Device op-1%'`).Error)
	c.settle(t)
	var trouble string
	must(t, c.db.Raw(`SELECT trouble FROM connectors`).Scan(&trouble).Error)
	if trouble != "missing" || c.news[connectors.NewsLost] != 0 {
		t.Errorf("trouble %q, %d lost", trouble, c.news[connectors.NewsLost])
	}
	must(t, c.there.db.Exec(`UPDATE channels SET source = 'account'`).Error)
	must(t, c.there.db.Exec(`UPDATE channels SET source = 'hidden' WHERE id = ?`, first.Outside).Error)
	c.settle(t)
	must(t, c.db.Raw(`SELECT trouble FROM connectors`).Scan(&trouble).Error)
	if got := c.keys(t, ids[0]); trouble != "" || !got.Lost || c.news[connectors.NewsLost] != 1 {
		t.Errorf("trouble %q, %d lost, it is %+v", trouble, c.news[connectors.NewsLost], got)
	}
	must(t, c.there.db.Exec(`UPDATE channels SET source = 'account'`).Error)
	c.settle(t)
	if got := c.keys(t, ids[0]); got != first {
		t.Errorf("what was missed and is there again is %+v, was %+v", got, first)
	}
	// Somebody presses the button there that makes another write key.
	must(t, c.there.db.Exec(`DELETE FROM channel_keys WHERE kind = 'write' AND channel_id = ?`, first.Outside).Error)
	must(t, c.there.db.Exec(`UPDATE channel_keys SET channel_id = ? WHERE kind = 'write' AND channel_id = (SELECT id FROM channels WHERE name = 'foreign')`, first.Outside).Error)
	c.settle(t)
	got := c.keys(t, ids[0])
	if got.WriteKey == first.WriteKey || c.news[connectors.NewsKeys] != 1 {
		t.Errorf("%d times other keys were noticed", c.news[connectors.NewsKeys])
	}
	c.there.wants(t, "GET", "/update?api_key="+got.WriteKey.Reveal()+"&field1=1", "", 200, "1")
}

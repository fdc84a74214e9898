package thingspeak

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/connectors/connectortest"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// looks is somebody who looks at a channel until it was read.
func (c *caller) looks(t testing.TB, id string) connectors.Copy {
	t.Helper()
	before, err := c.Look(t.Context(), id)
	must(t, err)
	c.done(t, id)
	after, err := c.Copies(t.Context(), []string{id})
	if must(t, err); before.Service == "" || after[id].Service == "" {
		t.Fatal("nobody knows of a copy")
	}
	return after[id]
}

// done waits until a channel that is to be read was read, whatever came of it.
func (c *caller) done(t testing.TB, id string) {
	t.Helper()
	now := iam.Micros(c.Now())
	for range 5000 {
		var yet int
		must(t, c.db.Raw(`SELECT COUNT(*) FROM projections p JOIN connectors c ON c.id = p.connector_id
WHERE p.id = ? AND p.state IN ('ready', 'held') AND (c.state = 'active' AND c.retry_at <= ? AND COALESCE(p.read_tried_at, 0) <= ?
OR p.read_tried_at = ? AND COALESCE(p.read_at, 0) < ? AND NOT (p.read_error <> '' AND p.read_due_at IN (?, ?)))`,
			id, now, now-10*time.Second.Microseconds(), now, now, now+time.Minute.Microseconds(), now+10*time.Minute.Microseconds()).Scan(&yet).Error)
		if yet == 0 {
			return
		}
		_, err := c.Look(t.Context(), id) // the one before may have been about to end
		must(t, err)
		time.Sleep(time.Millisecond)
	}
	t.Fatal("it is not read")
}

// another is the desk of another replica.
func (c *caller) another() *connectors.Desk {
	return &connectors.Desk{DB: c.DB, Vault: c.Vault, Services: c.Services, Keeps: c.Keeps, Now: c.Now, Log: c.Log, Patience: c.Patience}
}

// seen are the values of the first field that the copy has, oldest first.
func (c *caller) seen(t testing.TB, id string) (values []string) {
	t.Helper()
	n, err := c.copies.Number(t.Context(), id)
	if errors.Is(err, connectors.ErrChannel) {
		return nil
	}
	must(t, err)
	last := int64(0)
	must(t, c.copies.Export(t.Context(), n, time.Time{}, time.Time{}, func(r channels.Row) error {
		if r.Fields[0] == nil {
			t.Error("an entry without a value")
			return nil
		}
		values, last = append(values, *r.Fields[0]), max(last, r.Entry)
		return nil
	}))
	if last != int64(len(values)) {
		t.Errorf("%d entries are numbered to %d", len(values), last)
	}
	return values
}

// far is a channel over there, made.
func (c *caller) far(t testing.TB, op string) (id string, there connectors.Channel) {
	t.Helper()
	id = c.wish(t, op).ID
	c.settle(t)
	return id, c.keys(t, id)
}

func (c *caller) update(t testing.TB, key, value, more string) {
	t.Helper()
	if got := c.there.ask(t, "GET", "/update?api_key="+key+"&field1="+url.QueryEscape(value)+more, "").Body.String(); got == "0" {
		t.Fatalf("%s was not stored", value)
	}
}

func TestAHundredViewersAreOneCall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		c := newCaller(t, db, `{"channels":"0"}`)
		id, there := c.far(t, "op-1")
		c.update(t, there.WriteKey.Reveal(), "21.5", "")
		other := c.another() // of another replica
		look := func() {
			t.Helper()
			before := c.proxy.Calls.Load()
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() {
					desk := c.Desk
					if i%2 == 1 {
						desk = other
					}
					if _, err := desk.Look(t.Context(), id); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			c.done(t, id)
			if n := c.proxy.Calls.Load() - before; n != 1 {
				t.Errorf("a hundred viewers made %d calls", n)
			}
		}
		look()
		if seen := c.seen(t, id); !slices.Equal(seen, []string{"21.5"}) {
			t.Errorf("%v is seen", seen)
		}
		c.update(t, there.WriteKey.Reveal(), "22", "")
		before := c.proxy.Calls.Load()
		c.looks(t, id)
		if n := c.proxy.Calls.Load(); n != before {
			t.Error("a copy that is new was read again")
		}
		c.pass(2 * time.Minute)
		look()
		if seen := c.seen(t, id); !slices.Equal(seen, []string{"21.5", "22"}) {
			t.Errorf("%v is seen", seen)
		}
	})
}

func TestACopyHasAllThatIsThere(t *testing.T) {
	c := newCaller(t, dbtest.SQLite(t), `{"channels":"0"}`)
	id, there := c.far(t, "op-1")
	key := there.WriteKey.Reveal()
	begin := c.now.Add(-20 * time.Hour).Truncate(time.Second)
	var want []string
	many := func(n int, from time.Time) {
		t.Helper()
		var entries []channels.Entry
		for i := range n {
			at, v := from.Add(time.Duration(i)*2*time.Second), strconv.Itoa(len(want))
			entries, want = append(entries, channels.Entry{Created: &at, Fields: [8]*string{&v}}), append(want, v)
		}
		number, err := channels.ParseID(there.Outside)
		must(t, err)
		_, err = c.there.store.WriteMany(t.Context(), number, key, entries)
		must(t, err)
	}
	same := func(when string) {
		t.Helper()
		c.pass(time.Minute)
		c.looks(t, id)
		if seen := c.seen(t, id); !slices.Equal(seen, want) {
			t.Errorf("%s %d are seen, %d are there", when, len(seen), len(want))
		}
	}
	many(9000, begin)
	c.Patience = 10 * time.Second
	same("at first")
	many(300, begin.Add(10*time.Hour))
	same("many at once")
	same("nothing")
	// A device sends what it could not send before: its times are older than the newest here.
	at, v := begin.Add(time.Second), "late"
	number, _ := channels.ParseID(there.Outside)
	_, err := c.there.store.WriteMany(t.Context(), number, key, []channels.Entry{{Created: &at, Fields: [8]*string{&v}}})
	must(t, err)
	c.pass(time.Minute)
	c.looks(t, id)
	if seen := c.seen(t, id); len(seen) != len(want)+1 || seen[1] != "late" {
		t.Errorf("%d are seen, the second is %q", len(seen), seen[1])
	}
	// Somebody empties the channel there; what he wanted gone is gone here too.
	c.there.ask(t, "DELETE", "/channels/"+there.Outside+"/feeds.json?api_key=ACCOUNT", "")
	want = nil
	same("emptied")
	c.update(t, key, "1", "")
	want = []string{"1"}
	same("after that")
}

// Whatever goes wrong on the line, the copy has each entry once in the end, and
// meanwhile what it had.
func TestACopyComesThroughFaults(t *testing.T) {
	for fault, cause := range map[connectortest.Fault]string{connectortest.Garbage: "unsure", connectortest.Cut: "unsure", connectortest.Drip: "unsure", connectortest.Erred: "unsure",
		connectortest.Lost: "unsure", connectortest.Refusing: "unsure", connectortest.Shut: "unsure", connectortest.TooMany: "pace"} {
		t.Run(cause+strconv.Itoa(int(fault)), func(t *testing.T) {
			c := newCaller(t, dbtest.SQLite(t), `{"channels":"0"}`)
			id, there := c.far(t, "op-1")
			key := there.WriteKey.Reveal()
			c.update(t, key, "1", "")
			if got := c.looks(t, id); got.Stale || got.At.IsZero() {
				t.Fatalf("%+v", got)
			}
			c.proxy.Fail(1, fault)
			c.update(t, key, "2", "")
			before := c.proxy.Calls.Load()
			for range 60 {
				c.pass(time.Minute)
				if got := c.looks(t, id); !got.Stale || got.Cause != cause || got.Next.IsZero() {
					t.Fatalf("%+v", got)
				}
				must(t, c.ReadDue(t.Context()))
			}
			if n := c.proxy.Calls.Load() - before; n > 30 {
				t.Errorf("a service that was away for an hour was called %d times", n)
			}
			if seen := c.seen(t, id); !slices.Equal(seen, []string{"1"}) {
				t.Errorf("meanwhile %v is seen", seen)
			}
			c.proxy.Calm()
			c.pass(5 * time.Minute)
			if got := c.looks(t, id); got.Stale || got.Cause != "" {
				t.Errorf("%+v", got)
			}
			if seen := c.seen(t, id); !slices.Equal(seen, []string{"1", "2"}) {
				t.Errorf("%v is seen", seen)
			}
		})
	}
}

// Without anybody looking channels are read in their devices' rhythm, and those
// of a connector that is paused are not.
func TestCopiesAreMadeGoodWithoutViewers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		c := newCaller(t, db, `{"channels":"0"}`)
		id, there := c.far(t, "op-1")
		key := there.WriteKey.Reveal()
		reads := func() int64 {
			t.Helper()
			before := c.proxy.Calls.Load()
			must(t, c.ReadDue(t.Context()))
			return c.proxy.Calls.Load() - before
		}
		for i := range 4 {
			c.update(t, key, strconv.Itoa(i), "&created_at="+url.QueryEscape(c.now.Add(time.Duration(i-4)*5*time.Minute).Format(time.RFC3339)))
		}
		if n := reads(); n != 1 || len(c.seen(t, id)) != 4 {
			t.Errorf("%d calls, %v is seen", n, c.seen(t, id))
		}
		if c.pass(2 * time.Minute); reads() != 0 {
			t.Error("a channel with a value each five minutes was read after two")
		}
		if c.pass(4 * time.Minute); reads() != 1 {
			t.Error("a channel with a value each five minutes was not read after six")
		}
		must(t, c.db.Exec("UPDATE connectors SET state = 'paused'").Error)
		c.pass(48 * time.Hour)
		if got := c.looks(t, id); reads() != 0 || !got.Stale || got.Cause != "paused" || !got.Next.IsZero() {
			t.Errorf("while its connector is paused: %+v", got)
		}
	})
}

// A key that was changed there is refused; the connector looks, finds the new one,
// and the copy goes on. No key stands in an address.
func TestAReadKeyThatWasChangedThereIsFound(t *testing.T) {
	c := newCaller(t, dbtest.SQLite(t), `{"channels":"0"}`)
	id, there := c.far(t, "op-1")
	c.update(t, there.WriteKey.Reveal(), "1", "")
	c.looks(t, id)
	must(t, c.there.db.Exec(`DELETE FROM channel_keys WHERE kind = 'read' AND channel_id = ?`, there.Outside).Error)
	must(t, c.there.db.Exec(`UPDATE channel_keys SET channel_id = ?, user_id = NULL WHERE kind = 'read'`, there.Outside).Error)
	c.pass(10 * time.Minute)
	if got := c.looks(t, id); !got.Stale || got.Cause != "denied" {
		t.Fatalf("%+v", got)
	}
	var trouble string
	must(t, c.db.Raw(`SELECT trouble FROM connectors`).Scan(&trouble).Error)
	if trouble != "" {
		t.Errorf("one channel's key puts the connector into trouble: %q", trouble)
	}
	for swept := int64(0); swept == 0; time.Sleep(5 * time.Millisecond) { // by this, or by the desk that was woken
		must(t, c.Run(t.Context()))
		must(t, c.db.Raw(`SELECT COUNT(*) FROM connectors WHERE listed_at IS NOT NULL AND lease_until = 0`).Scan(&swept).Error)
	}
	c.pass(time.Minute)
	if got := c.looks(t, id); got.Stale {
		t.Errorf("%+v", got)
	}
	// One that makes no read keys lets the write key read.
	must(t, c.db.Exec(`UPDATE projections SET read_key_sealed = NULL`).Error)
	c.update(t, there.WriteKey.Reveal(), "2", "")
	c.pass(time.Minute)
	c.looks(t, id)
	if seen := strings.Join(c.seen(t, id), " "); seen != "1 2" {
		t.Errorf("%s is seen", seen)
	}
}

// A copy is nobody's but its channel's: no door names it, no list has it.
func TestACopyIsNoChannelOfOurs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		c := newCaller(t, db, `{"channels":"0"}`)
		id, there := c.far(t, "op-1")
		c.update(t, there.WriteKey.Reveal(), "1", "")
		c.looks(t, id)
		n, err := c.copies.Number(t.Context(), id)
		must(t, err)
		for _, name := range []string{n.String(), strings.TrimPrefix(n.String(), "-"), id} {
			if parsed, err := channels.ParseID(name); err == nil && parsed == n {
				t.Errorf("%s names the copy", name)
			}
		}
		public, err := c.copies.PublicChannels(t.Context(), "")
		must(t, err)
		account, err := c.copies.AccountChannels(t.Context(), channels.Account{Tenant: ours, Org: below})
		if must(t, err); len(public)+len(account) > 0 {
			t.Errorf("%v, %v", public, account)
		}
		var keys int64
		if must(t, c.db.Raw(`SELECT COUNT(*) FROM channel_keys WHERE channel_id = ?`, int64(n)).Scan(&keys).Error); keys > 0 {
			t.Errorf("the copy has %d keys", keys)
		}
		if got, err := c.provider.Keys(t.Context(), c.db, below, id); err == nil || got.WriteKey != "" {
			t.Errorf("another tenant hears %v", err)
		}
	})
}

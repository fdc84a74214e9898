package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"halfkey/devices/wire"
)

// TestCrash kills halfkey without warning while devices register and write, again and
// again, and then asks the database for everything that was ever acknowledged.
func TestCrash(t *testing.T) {
	sqlite, postgres := 8, 4
	if os.Getenv("HALFKEY_TEST_SOAK") != "" {
		sqlite, postgres = 200, 200
	}
	t.Run("sqlite", func(t *testing.T) { crash(t, sqlite, "DATA="+t.TempDir()) })
	t.Run("postgres", func(t *testing.T) { crash(t, postgres, "DATA="+t.TempDir(), "DATABASE="+database(t)) })
}

func crash(t *testing.T, kills int, settings ...string) {
	settings = append(settings, "LIMITS_BOARDINGS=1000000000")
	home := found(t, settings)
	caller, err := newCaller(home.key)
	if err != nil {
		t.Fatal(err)
	}
	told := &ledger{channels: map[wire.Serial]string{}, values: map[string]map[int64]string{}}
	for round := range kills {
		p := start(t, settings...)
		ctx, stop := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		for worker := range 8 {
			busy.Go(func() { told.load(ctx, t, caller, p, fmt.Sprintf("%d.%d", round, worker)) })
		}
		time.Sleep(time.Duration(20+rand.IntN(400)) * time.Millisecond)
		p.kill()
		stop()
		busy.Wait()
	}
	p := start(t, settings...)
	told.finish(t, caller, p)
	p.stop(t)
	told.check(t, open(t, settings))
	t.Logf("%d kills: %d registrations and %d values were acknowledged, all are there; %d calls never heard an answer", kills, len(told.channels), told.count, told.unanswered)
}

// A ledger is what devices were told, and believe.
type ledger struct {
	mu         sync.Mutex
	channels   map[wire.Serial]string      // serial to channel
	values     map[string]map[int64]string // channel, entry to value
	open       []wire.Serial               // called, and never heard an answer
	count      int
	unanswered int
}

// load is one worker: a new device, then a few values, until the line breaks.
func (l *ledger) load(ctx context.Context, t *testing.T, c *caller, p *process, name string) {
	for n := 0; ctx.Err() == nil; n++ {
		serial := wire.Serial(fmt.Sprintf("T%s.%d", name, n))
		got, err := c.register(p.main, serial)
		if err != nil {
			l.broken(t, serial, err)
			return
		}
		l.mu.Lock()
		l.channels[serial] = got.Channel.ID
		l.mu.Unlock()
		for v := range 4 {
			value := fmt.Sprintf("%s/%d", serial, v)
			entry, err := c.write(p.thingspeak, got.Channel.WriteKey, value)
			if err != nil {
				l.broken(t, "", err)
				return
			}
			l.note(got.Channel.ID, entry, value)
		}
	}
}

func (l *ledger) note(channel string, entry int64, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.values[channel] == nil {
		l.values[channel] = map[int64]string{}
	}
	l.values[channel][entry] = value
	l.count++
}

// broken notes a call that a kill cut off. An answer in words is a fault of ours.
func (l *ledger) broken(t *testing.T, serial wire.Serial, err error) {
	var r refusal
	if errors.As(err, &r) {
		t.Errorf("%s was answered %v", serial, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unanswered++
	if serial != "" {
		l.open = append(l.open, serial)
	}
}

// finish repeats every call that was cut off: each device gets its one channel now.
func (l *ledger) finish(t *testing.T, c *caller, p *process) {
	for _, serial := range l.open {
		got, err := c.register(p.main, serial)
		if err != nil {
			t.Errorf("%s, cut off before, is answered %v", serial, err)
			continue
		}
		l.channels[serial] = got.Channel.ID
		entry, err := c.write(p.thingspeak, got.Channel.WriteKey, "at last")
		if err != nil {
			t.Errorf("%s, cut off before, cannot write: %v", serial, err)
			continue
		}
		l.note(got.Channel.ID, entry, "at last")
	}
}

func (l *ledger) check(t *testing.T, h *house) {
	ctx := t.Context()
	var devices []struct{ Serial, ChannelID, State string }
	rows(t, h, &devices, "SELECT serial, channel_id, state FROM devices WHERE removed_at IS NULL")
	is := map[wire.Serial]string{}
	for _, d := range devices {
		is[wire.Serial(d.Serial)] = d.ChannelID
		if d.State != "active" {
			t.Errorf("%s is half a device: %s", d.Serial, d.State)
		}
	}
	for serial, channel := range l.channels {
		if is[serial] != channel {
			t.Errorf("%s was told channel %q and has %q", serial, channel, is[serial])
		}
	}
	if len(is) != len(devices) || len(devices) != len(l.channels) {
		t.Errorf("%d devices of %d serials, %d called", len(devices), len(is), len(l.channels))
	}
	var stray []struct{ ID string }
	rows(t, h, &stray, "SELECT CAST(id AS TEXT) AS id FROM channels WHERE CAST(id AS TEXT) NOT IN (SELECT channel_id FROM devices)")
	if len(stray) > 0 {
		t.Errorf("channels without a device: %v", stray)
	}
	var feeds []struct {
		ChannelID string
		EntryID   int64
		Field1    string
	}
	rows(t, h, &feeds, "SELECT CAST(channel_id AS TEXT) AS channel_id, entry_id, field1 FROM feeds")
	there := map[string]map[int64]string{}
	for _, f := range feeds {
		if there[f.ChannelID] == nil {
			there[f.ChannelID] = map[int64]string{}
		}
		there[f.ChannelID][f.EntryID] = f.Field1
	}
	for channel, entries := range l.values {
		for entry, value := range entries {
			if there[channel][entry] != value {
				t.Errorf("channel %s acknowledged %q as %d and has %q", channel, value, entry, there[channel][entry])
			}
		}
	}
	report, err := h.trail.Verify(ctx)
	if err != nil || !report.OK() {
		t.Errorf("the trail: %+v, %v", report, err)
	}
}

func rows(t *testing.T, h *house, into any, query string) {
	t.Helper()
	if err := h.db.Gorm.Raw(query).Scan(into).Error; err != nil {
		t.Fatal(err)
	}
}

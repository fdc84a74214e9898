package main

import (
	"fmt"
	"net/netip"
	"testing"
	"sync/atomic"
	"net/http"
	"net/http/httptest"
	"context"
	"os"

	"halfkey/devices"
	"halfkey/devices/wire"
	"halfkey/web"
)

func BenchmarkZZRegister(b *testing.B) {
	settings := []string{"DATA=" + b.TempDir(), "LOG_LEVEL=error", "LIMITS_BOARDINGS=1000000000", "LIMITS_ANSWERS=1000000000", "LIMITS_REFUSALS=1000000000"}
	home := found(b, settings)
	h := open(b, settings)
	h.trail.Start()
	defer h.trail.Stop(context.Background())
	c, _ := newCaller(home.key)
	var n atomic.Int64
	pre := fmt.Sprint(os.Getpid())
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			s := wire.Serial(fmt.Sprintf("P%s-%d-%d", pre, b.N, i))
			body := wire.Registration{First: c.key.First, Serial: s, Nonce: wire.NewNonce(), Model: "thermometer"}.Sign(c.keys.Auth[:])
			tok, err := wire.ParseRegistration(body, s)
			if err != nil {
				b.Fatal(err)
			}
			_, err = h.devices.Register(context.Background(), devices.Call{Door: devices.Proved, Serial: s, First: c.key.First, Token: tok, Nonce: "", Address: netip.MustParseAddr("127.0.0.1"), Source: "127.0.0.1"})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkZZPage(b *testing.B) {
	settings := []string{"DATA=" + b.TempDir(), "LOG_LEVEL=error", "LIMITS_BOARDINGS=1000000000", "LIMITS_ANSWERS=1000000000", "LIMITS_REFUSALS=1000000000"}
	home := found(b, settings)
	p := start(b, settings...)
	c, _ := newCaller(home.key)
	for i := range 20 {
		got, err := c.register(p.main, wire.Serial(fmt.Sprintf("A%d", i)))
		if err != nil {
			b.Fatal(err)
		}
		for j := range 30 {
			c.write(p.thingspeak, got.Channel.WriteKey, fmt.Sprint(20+j%7))
		}
	}
	cookie := home.signIn(b, p)
	h := open(b, settings)
	e := web.New(web.Rooms{
		DB: h.db.Gorm, Sessions: h.sessions, Users: h.users, Settings: h.settings, Decider: h.decider,
		Orgs: h.orgs, Devices: h.devices, Channels: h.channels, Live: h.live,
		BaseURL: p.url(""), UpdateURL: "http://x/update", Ready: h.db.Ping, Now: h.now, Log: h.log,
	})
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		req := httptest.NewRequest("GET", p.url("/devices"), nil)
		req.AddCookie(cookie)
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code, rec.Body.String())
		}
	}
}

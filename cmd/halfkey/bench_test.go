package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"halfkey/devices/devicestest"
	"halfkey/devices/wire"
)

// BenchmarkHouse drives a halfkey of its own over HTTP and tells what each request
// costs it: cpu-µs/op is the server's processor time alone, this process's not counted.
// HALFKEY_TEST_DEVICES=1000000 says how many devices there are already.
func BenchmarkHouse(b *testing.B) {
	settings := []string{"DATA=" + b.TempDir(), "LOG_LEVEL=warn", "LIMITS_BOARDINGS=1000000000", "LIMITS_ANSWERS=1000000000", "LIMITS_REFUSALS=1000000000"}
	home := found(b, settings)
	crowd := 1000
	if n, err := strconv.Atoi(os.Getenv("HALFKEY_TEST_DEVICES")); err == nil {
		crowd = n
	}
	populate(b, settings, crowd)
	began := time.Now()
	p := start(b, settings...)
	b.Logf("%d devices: first answer after %v, %d KiB resident", crowd, time.Since(began).Round(time.Millisecond), p.resident(b))
	caller, err := newCaller(home.key)
	if err != nil {
		b.Fatal(err)
	}
	stranger, err := newCaller(devicestest.Stranger(wire.Standard).Typed())
	if err != nil {
		b.Fatal(err)
	}
	var serial atomic.Int64
	next := func() wire.Serial { return wire.Serial(fmt.Sprintf("B%d", serial.Add(1))) }
	var writeKeys []string
	for range 20 {
		got, err := caller.register(p.main, next())
		if err != nil {
			b.Fatal(err)
		}
		writeKeys = append(writeKeys, got.Channel.WriteKey)
	}
	cookie := home.signIn(b, p)

	p.bench(b, "page20", 8, func() error { return page(p.url("/devices"), cookie) })
	p.bench(b, "refused", 8, func() error { return mustRefuse(stranger, p.main, next()) })
	p.bench(b, "update", 8, func() error { return write(caller, p, writeKeys, &serial) })
	p.bench(b, "update-64", 64, func() error { return write(caller, p, writeKeys, &serial) })
	p.bench(b, "register", 8, func() error { _, err := caller.register(p.main, next()); return err })
}

// bench runs one kind of request from so many connections.
func (p *process) bench(b *testing.B, name string, connections int, ask func() error) {
	b.Run(name, func(b *testing.B) {
		b.SetParallelism((connections + 1) / 2)
		before, began := p.cpu(b), time.Now()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := ask(); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64((p.cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "req/s")
	})
}

func mustRefuse(c *caller, main string, serial wire.Serial) error {
	_, err := c.register(main, serial)
	if r, ok := err.(refusal); ok && r.status == http.StatusForbidden {
		return nil
	}
	return fmt.Errorf("a stranger is answered %v", err)
}

func write(c *caller, p *process, keys []string, n *atomic.Int64) error {
	_, err := c.write(p.thingspeak, keys[n.Add(1)%int64(len(keys))], "21.4")
	return err
}

func page(url string, cookie *http.Cookie) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.AddCookie(cookie)
	res, err := keptOpen.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if rows := bytes.Count(body, []byte("<tr")); res.StatusCode != http.StatusOK || rows < 20 {
		return fmt.Errorf("%s: %d with %d rows", url, res.StatusCode, rows)
	}
	return nil
}

var keptOpen = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// cpu is the processor time that the process has used, from /proc.
func (p *process) cpu(t testing.TB) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 on every Linux
}

// resident is the process's memory in KiB.
func (p *process) resident(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"halfkey/devices/wire"
)

func TestZZRatio(t *testing.T) {
	if os.Getenv("RATIO") == "" {
		t.Skip()
	}
	crowdN := 1000
	if n, err := strconv.Atoi(os.Getenv("DEVICES")); err == nil {
		crowdN = n
	}
	dir := t.TempDir()
	settings := []string{"DATA=" + dir, "LOG_LEVEL=warn", "LIMITS_BOARDINGS=1000000000", "LIMITS_ANSWERS=1000000000", "LIMITS_REFUSALS=1000000000"}
	home := found(t, settings)
	populate(t, settings, crowdN)
	began := time.Now()
	p := start(t, settings...)
	fmt.Printf("start %v, %d KiB\n", time.Since(began), p.resident(t))
	time.Sleep(3 * time.Second)
	fmt.Printf("idle %d KiB\n", p.resident(t))
	c, err := newCaller(home.key)
	if err != nil {
		t.Fatal(err)
	}
	str, _ := newCaller(wire.NewKey(wire.Standard).Typed())
	var keys []string
	for i := range 1000 {
		got, err := c.register(p.main, wire.Serial(fmt.Sprintf("A%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, got.Channel.WriteKey)
	}
	for i := range 20 {
		for j := range 30 {
			c.write(p.thingspeak, keys[i], fmt.Sprint(20+j%7))
		}
	}
	cookie := home.signIn(t, p)
	floors := os.Getenv("FLOORS_OUT")
	file := func(name string, n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i))
			b.WriteByte('\n')
		}
		f := dir + "/" + name
		os.WriteFile(f, []byte(b.String()), 0o600)
		return f
	}
	// hammer cycles path lines and body lines together only if counts match; prepare both
	const N = 30000
	for round := range 3 {
		sign := func(c *caller, i int, pre string) string {
			s := wire.Serial(fmt.Sprintf("%s%d-%d", pre, round, i))
			return string(wire.Registration{First: c.key.First, Serial: s, Nonce: wire.NewNonce(), Model: "thermometer"}.Sign(c.keys.Auth[:]))
		}
		regPaths := file("reg.paths", N, func(i int) string { return fmt.Sprintf("/v1/devices/R%d-%d/registrations", round, i) })
		regBodies := file("reg.bodies", N, func(i int) string { return sign(c, i, "R") })
		refPaths := file("ref.paths", N, func(i int) string { return fmt.Sprintf("/v1/devices/X%d-%d/registrations", round, i) })
		refBodies := file("ref.bodies", N, func(i int) string { return sign(str, i, "X") })
		upd := file("upd.paths", N, func(i int) string { return fmt.Sprintf("/update?api_key=%s&field1=%d.%d", keys[i%1000], 20+i%5, i%10) })
		pid := strconv.Itoa(p.cmd.Process.Pid)
		run := func(name string, args ...string) map[string]any {
			out, err := exec.Command(floors+"/bin/hammer", append([]string{"-name", name}, args...)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v %s", name, err, out)
			}
			var m map[string]any
			if json.Unmarshal(out, &m) != nil {
				t.Fatalf("%s", out)
			}
			return m
		}
		fl := func(name, which string, extra ...string) map[string]any {
			return run("floor-"+name, append([]string{"-c", "8", "-d", "3s", "-pid", os.Getenv("FLOOR_PID"), "-url", "http://127.0.0.1:9400/", "-paths", floors + "/in." + which}, extra...)...)
		}
		line := func(f, m map[string]any, add float64) {
			a, b := f["server_cpu_us_per_req"].(float64)+add, m["server_cpu_us_per_req"].(float64)
			fmt.Printf("%-12s floor %.1f ours %.1f ratio %.2f | rps floor %.0f ours %.0f ratio %.2f | other %v %v status %v err %v %v\n", m["name"], a, b, b/a, f["rps"], m["rps"], m["rps"].(float64)/f["rps"].(float64), f["other_busy"], m["other_busy"], m["status"], m["errors"], m["first_error"])
		}
		u := "http://" + p.main + "/"
		f := fl("register", "registrations", "-paths-once")
		m := run("register", "-c", "8", "-d", "3s", "-pid", pid, "-url", u, "-method", "POST", "-paths", regPaths, "-bodies", regBodies)
		line(f, m, 0)
		good := m["server_cpu_us_per_req"].(float64)
		m = run("refused", "-c", "8", "-d", "3s", "-pid", pid, "-url", u, "-method", "POST", "-paths", refPaths, "-bodies", refBodies)
		fmt.Printf("refused %.1f = %.2f of good %v\n", m["server_cpu_us_per_req"], m["server_cpu_us_per_req"].(float64)/good, m["status"])
		f = fl("update", "updates")
		m = run("update", "-c", "8", "-d", "3s", "-pid", pid, "-url", "http://"+p.thingspeak+"/", "-paths", upd)
		line(f, m, 0)
		f = run("floor-u64", "-c", "64", "-d", "3s", "-pid", os.Getenv("FLOOR_PID"), "-url", "http://127.0.0.1:9400/", "-paths", floors+"/in.updates")
		m = run("update64", "-c", "64", "-d", "3s", "-pid", pid, "-url", "http://"+p.thingspeak+"/", "-paths", upd)
		line(f, m, 0)
		f = fl("page20", "pages")
		m = run("page20", "-c", "8", "-d", "3s", "-pid", pid, "-url", "http://"+p.main+"/devices", "-H", "Cookie: "+cookie.Name+"="+cookie.Value)
		line(f, m, 27)
	}
}

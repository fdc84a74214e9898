package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"halfkey/devices/client"
	"halfkey/devices/devicestest"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
)

const typed = "QK7M2X9D4T-8RWV3C5HJ-0TN6ZQ4MK-GX2BD7PAD"

// A house boards every device that holds the key above, and takes its values.
type house struct {
	*httptest.Server
	mu      sync.Mutex
	serials []string
	rows    []string
}

func newHouse(t *testing.T) *house {
	key, _ := wire.ParseKey(typed)
	keys := seal.Derive(key.First, key.Second.Reveal())
	h := &house{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/devices/{serial}/registrations", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		tok, err := wire.ParseRegistration(body, wire.Serial(r.PathValue("serial")))
		if err != nil || !tok.Verify(keys.Auth[:]) || tok.Model != "thermometer" {
			w.WriteHeader(403)
			return
		}
		content, err := (&wire.Credentials{
			Device:  wire.Identity{Kid: "a.1", Secret: "5ZK0XWQ8M3TN7R2VHB6CJ9PD4G"},
			Channel: wire.Channel{Provider: "embedded", ID: "142770", WriteKey: "WRITEKEY00000001", UpdateURL: h.URL + "/update"},
		}).Marshal()
		if err != nil {
			t.Error(err)
		}
		sealed, err := seal.Seal(seal.ForKey(keys.Seal), seal.Header{Cty: seal.JSON, Kid: key.First, Sub: string(tok.Serial), Nonce: string(tok.Nonce)}, content)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		h.serials = append(h.serials, string(tok.Serial))
		h.mu.Unlock()
		w.WriteHeader(201)
		w.Write(sealed)
	})
	mux.HandleFunc("POST /update", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.rows = append(h.rows, r.PostForm.Encode())
		fmt.Fprint(w, len(h.rows))
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

func (h *house) seen() (serials, rows []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.serials...), append([]string(nil), h.rows...)
}

// device runs the program on one state file and collects all that it says.
type device struct {
	t     *testing.T
	state string
	said  bytes.Buffer
}

func newDevice(t *testing.T) *device {
	return &device{t: t, state: filepath.Join(t.TempDir(), "eeprom.json")}
}

func (d *device) try(ctx context.Context, in string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := newCommand(strings.NewReader(in), &out, &d.said)
	cmd.SetArgs(append([]string{"--state", d.state}, args...))
	err := cmd.ExecuteContext(ctx)
	d.said.WriteString(out.String())
	return out.String(), err
}

func (d *device) does(in string, args ...string) string {
	d.t.Helper()
	out, err := d.try(d.t.Context(), in, args...)
	if err != nil {
		d.t.Fatalf("%v: %v\n%s", args, err, d.said.String())
	}
	return out
}

func TestHomersEveningWithAThermometer(t *testing.T) {
	h, d := newHouse(t), newDevice(t)
	out := d.does("serial 74743827342\r\nregkey QK7M2X9D4T-8RWV3C5HJ-0TN6ZQ4MK-GX2BD7PAE\nregkey "+strings.ToLower(typed)+"\nserver "+h.URL+"\n\nstatus\nmake coffee\n", "configure")
	for i, want := range []string{"serial 74743827342", "error: key: a character is mistyped", "ok, restart to register: QK7M2X9D4T-••••••••", "ok, server " + h.URL, "channel none yet", "error: say regkey"} {
		if line := strings.Split(out, "\n")[i]; !strings.Contains(line, want) {
			t.Errorf("line %d says %q, want %q", i, line, want)
		}
	}
	d.does("21.4\n\n 21.5 , 60 \n", "run", "--stdin") // the power cycle: it registers by itself
	if out := d.does("", "configure", "status"); !strings.Contains(out, "channel 142770") {
		t.Error(out)
	}
	serials, rows := h.seen()
	if strings.Join(serials, " ") != "74743827342" || strings.Join(rows, " ") != "field1=21.4 field1=21.5&field2=60" {
		t.Errorf("registered %v, wrote %v", serials, rows)
	}
	for _, secret := range []string{"8RWV3C5HJ", "5ZK0XWQ8M3TN7R2VHB6CJ9PD4G", "WRITEKEY00000001"} {
		if strings.Contains(d.said.String(), secret) {
			t.Errorf("told %s:\n%s", secret, d.said.String())
		}
	}
	if info, err := os.Stat(d.state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state can be read by others: %v %v", info, err)
	}
}

func TestKeyComesAsArgumentFlagVariableOrFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	os.WriteFile(file, []byte(typed+"\n"), 0o600)
	for name, give := range map[string]func(*device){
		"argument": func(d *device) { d.does("", "configure", "regkey", typed) },
		"flag":     func(d *device) { d.does("", "configure", "status", "--key", typed) },
		"file":     func(d *device) { d.does("", "configure", "status", "--key-file", file) },
		"variable": func(d *device) {
			os.Setenv(keyVariable, typed)
			defer os.Unsetenv(keyVariable)
			d.does("", "configure", "status")
		},
	} {
		d := newDevice(t)
		give(d)
		if out := d.does("", "configure", "status"); !strings.Contains(out, "key QK7M2X9D4T-••••••••") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestBlankDeviceSaysWhatIsMissing(t *testing.T) {
	d := newDevice(t)
	if _, err := d.try(t.Context(), "", "run"); err == nil || !strings.Contains(err.Error(), "configure regkey") {
		t.Error(err)
	}
	first := d.does("", "configure", "serial")
	if again := d.does("", "configure", "serial"); again != first || !regexp.MustCompile(`^serial \d{11}\n$`).MatchString(first) {
		t.Errorf("%q, then %q", first, again)
	}
}

func TestCredentialsStayWithTheirSerial(t *testing.T) {
	h, d := newHouse(t), newDevice(t)
	d.does("", "register", "--once", "--key", typed, "--server", h.URL, "--serial", "1")
	if _, err := d.try(t.Context(), "", "run", "--once", "--serial", "2"); err == nil {
		t.Error("wrote as another device")
	}
	d.does("", "run", "--once")
	if serials, rows := h.seen(); len(serials) != 1 || len(rows) != 1 {
		t.Errorf("%v %v", serials, rows)
	}
}

func TestRegisterOnceReportsARefusal(t *testing.T) {
	h, d := newHouse(t), newDevice(t)
	if _, err := d.try(t.Context(), "", "register", "--once", "--server", h.URL, "--key", devicestest.Stranger(wire.Standard).Typed()); err == nil || !strings.Contains(err.Error(), "refuses") {
		t.Error(err)
	}
}

func TestDayOfHistoryIsFilledIn(t *testing.T) {
	h, d := newHouse(t), newDevice(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if _, rows := h.seen(); len(rows) > 12 {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	d.try(ctx, "", "run", "--key", typed, "--server", h.URL, "--backfill", "1h", "--interval", "1ms")
	_, rows := h.seen()
	if len(rows) < 13 || !strings.Contains(rows[0], "created_at=") || strings.Contains(rows[12], "created_at") {
		t.Errorf("wrote %v", rows)
	}
}

func TestManyThermometersAtOnce(t *testing.T) {
	h, d := newHouse(t), newDevice(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if serials, rows := h.seen(); len(serials) == 5 && len(rows) >= 20 {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	d.try(ctx, "", "simulate", "--count", "5", "--serial", "100", "--key", typed, "--server", h.URL, "--interval", "2ms")
	serials, _ := h.seen()
	different := map[string]bool{}
	for _, s := range serials {
		different[s] = true
	}
	if len(different) != 5 || !different["100"] || !different["104"] {
		t.Errorf("registered %v", serials)
	}
}

func FuzzConsole(f *testing.F) {
	f.Add("regkey " + typed + "\nstatus\n")
	f.Add("server http://x y\nserial ../..\nserial\n")
	f.Add("\x00\xff\nregkey\n")
	f.Fuzz(func(t *testing.T, in string) {
		s := settings{store: &client.MemoryStore{}}
		var out bytes.Buffer
		s.console(strings.NewReader(in), &out)
		if kept, _ := s.store.Load(); kept != s.state {
			t.Fatalf("after %q it keeps %+v, not %+v", in, kept, s.state)
		}
	})
}

func FuzzParseRow(f *testing.F) {
	f.Add("21.4, 60")
	f.Add(",,,,,,,,,")
	f.Fuzz(func(t *testing.T, line string) {
		if n := len(parseRow(line).Fields); n < 1 || n > 8 {
			t.Fatalf("%d fields of %q", n, line)
		}
	})
}

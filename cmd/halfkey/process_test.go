package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"halfkey/iam"
	"halfkey/migrations/dbtest"
)

// TestMain lets the test binary be halfkey when it is called so: the stories run the
// real program as processes of its own, killed and started like anybody's.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"halfkey": main})
}

// A process is one running `halfkey serve`.
type process struct {
	cmd              *exec.Cmd
	main, thingspeak string // addresses with port
	metrics          string
	said             *transcript
	gone             chan struct{}
}

// url is where people reach it: by the name at which browsers trust plain HTTP.
func (p *process) url(path string) string {
	_, port, _ := net.SplitHostPort(p.main)
	return "http://localhost:" + port + path
}

// A transcript is everything that a process said, on both of its outputs.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func (t *transcript) read(r io.Reader) {
	for s := bufio.NewScanner(r); s.Scan(); {
		t.mu.Lock()
		t.text.WriteString(s.Text() + "\n")
		t.mu.Unlock()
	}
}

// start runs `halfkey serve` with settings as environment (NAME=value without the
// prefix) and waits until it answers.
func start(t testing.TB, settings ...string) *process { return startAs(t, settings, "serve") }

func startAs(t testing.TB, settings []string, args ...string) *process {
	t.Helper()
	at := freePorts(t)
	p := &process{main: at[0], thingspeak: at[1], metrics: at[2], said: &transcript{}, gone: make(chan struct{})}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(self, args...)
	p.cmd.Args[0] = "halfkey"
	p.cmd.Env = append(os.Environ(), prefix+"LISTEN_MAIN="+p.main, prefix+"LISTEN_THINGSPEAK="+p.thingspeak, prefix+"LISTEN_METRICS="+p.metrics)
	for _, s := range settings {
		p.cmd.Env = append(p.cmd.Env, prefix+s)
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, in := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.said.read(out)
	go func() {
		p.cmd.Wait()
		in.Close()
		close(p.gone)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("halfkey at %s said:\n%s", p.main, p.said)
		}
	})
	p.await(t)
	return p
}

// await asks until the main door says that the house stands.
func (p *process) await(t testing.TB) {
	t.Helper()
	for range 4000 {
		select {
		case <-p.gone:
			t.Fatalf("halfkey ended by itself:\n%s", p.said)
		default:
		}
		for _, scheme := range []string{"http", "https"} {
			if res, err := trusting.Get(scheme + "://" + p.main + "/readyz"); err == nil {
				res.Body.Close()
				if res.StatusCode == http.StatusOK {
					return
				}
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("halfkey does not become ready:\n%s", p.said)
}

// trusting takes whatever certificate is shown.
var trusting = &http.Client{Transport: &http.Transport{
	TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	ForceAttemptHTTP2: true,
	DisableKeepAlives: true,
}}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.gone
}

// stop asks to end as an operator does, and reports how it went.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(15 * time.Second):
		t.Fatalf("halfkey does not stop:\n%s", p.said)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit status %d:\n%s", code, p.said)
	}
}

// database is the address of an empty PostgreSQL database for one test.
func database(t testing.TB) string {
	t.Helper()
	admin, err := server()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	name := "house_" + iam.NewID()
	do := func(sql string) {
		c, err := pgx.Connect(context.Background(), admin)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background())
		if _, err := c.Exec(context.Background(), sql); err != nil {
			t.Error(err)
		}
	}
	do("CREATE DATABASE " + name)
	t.Cleanup(func() { do("DROP DATABASE " + name + " WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

var server = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("HALFKEY_TEST_POSTGRES"); given != "" {
		return given, nil
	}
	return dbtest.Serve()
})

// deviceBinary builds halfkey-device once.
var deviceBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "halfkey-device")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "halfkey-device")
	if out, err := exec.Command("go", "build", "-o", path, "halfkey/cmd/halfkey-device").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// freePorts are three addresses that nobody listens at, of those that the system
// gives to nobody who asks for any: what is free now still is when a process starts.
func freePorts(t testing.TB) (all [3]string) {
	t.Helper()
	for i := range all {
		for all[i] == "" {
			l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(12_000)))
			if err == nil {
				defer l.Close() // held until all are found, so that none comes twice
				all[i] = l.Addr().String()
			}
		}
	}
	return all
}

package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Serve starts a PostgreSQL server on a free port of the loopback address and
// returns its URL. The server ends with this process, even when that is
// killed, and its folder with it. Each setting is a name=value of
// postgresql.conf; without any, commits are durable.
//
// PostgreSQL will not run as root, so for root it runs as the user postgres.
func Serve(settings ...string) (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	as, err := credential()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "halfkey-pg")
	if err != nil {
		return "", err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return "", err
		}
	}
	init := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
	init.Dir, init.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := init.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	if err := start(bin, dir, port, as, settings); err != nil {
		return "", err
	}
	return await(fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port))
}

// start runs the server under a shell that watches a pipe from us: when we
// are gone the pipe closes, and the shell stops the server and clears up.
func start(bin, dir string, port int, as *syscall.Credential, settings []string) error {
	const script = `"$@" >>log 2>&1 & pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; cd /; rm -rf "$DIR"`
	args := []string{"-c", script, "sh", filepath.Join(bin, "postgres"), "-D", "data", "-p", strconv.Itoa(port), "-k", "",
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=32MB"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	c := exec.Command("/bin/sh", args...)
	c.Dir, c.Env = dir, []string{"DIR=" + dir, "PATH=" + os.Getenv("PATH")}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setsid: true} // a Ctrl-C is for us, the pipe is for it
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	c.Stdin = r
	if err := c.Start(); err != nil {
		return err
	}
	go c.Wait()
	held = append(held, w)
	return nil
}

// held keeps our ends of the pipes from being collected, and so closed.
var held []*os.File

func await(dsn string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := do(ctx, dsn, "SELECT 1")
		if err == nil {
			return dsn, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func binaries() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian's place
	if len(found) == 0 {
		return "", errors.New("initdb is not installed (Debian: apt install postgresql)")
	}
	return filepath.Dir(slices.Max(found)), nil
}

func credential() (*syscall.Credential, error) {
	if runtime.GOOS == "windows" || os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// pageMost is what an open live page may cost its server, in bytes.
const pageMost = 64 << 10

// Ten thousand pages that stay alive cost their server little each, and all of them
// hear of a new value. HALFKEY_TEST_SOAK=1 opens them; HALFKEY_TEST_PAGES says how many.
func TestManyOpenPagesCostLittleEach(t *testing.T) {
	if os.Getenv("HALFKEY_TEST_SOAK") == "" {
		t.Skip("HALFKEY_TEST_SOAK=1 opens ten thousand pages")
	}
	pages := 10_000
	if n, err := strconv.Atoi(os.Getenv("HALFKEY_TEST_PAGES")); err == nil {
		pages = n
	}
	settings := []string{"DATA=" + t.TempDir(), "LOG_LEVEL=warn"}
	home := found(t, settings)
	p := start(t, settings...)
	caller, err := newCaller(home.key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := caller.register(p.main, "74743827342")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := caller.write(p.thingspeak, got.Channel.WriteKey, "21.4"); err != nil {
		t.Fatal(err)
	}
	cookie := home.signIn(t, p)
	path := "/events?page=channels&id=" + got.Channel.ID
	for range 20 { // what is made once is not the pages'
		openPage(t, p, path, cookie).Close()
	}
	before := p.resident(t)
	all := make([]net.Conn, pages)
	var openers sync.WaitGroup
	for first := range 32 {
		openers.Go(func() {
			for i := first; i < pages; i += 32 {
				all[i] = openPage(t, p, path, cookie)
			}
		})
	}
	openers.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if _, err := caller.write(p.thingspeak, got.Channel.WriteKey, "22.5"); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if err := readsUntil(c, "22.5"); err != nil {
			t.Fatal("a page does not hear of the new value:", err)
		}
	}
	cpu, began := p.cpu(t), time.Now()
	time.Sleep(20 * time.Second) // all of them were drawn once more by now
	busy := float64(p.cpu(t)-cpu) / float64(time.Since(began))
	each := (p.resident(t) - before) << 10 / pages
	t.Logf("%d open pages: %d bytes resident each (%d KiB in all, %d before), %.2f of a processor while nothing happens", pages, each, p.resident(t), before, busy)
	if each > pageMost {
		t.Errorf("an open page costs %d bytes, more than %d", each, pageMost)
	}
	for _, c := range all {
		c.Close()
	}
}

// openPage opens a page's stream and waits for its first message.
func openPage(t *testing.T, p *process, path string, cookie *http.Cookie) net.Conn {
	c, err := net.Dial("tcp", p.main)
	if err != nil {
		t.Error(err)
		return nil
	}
	c.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nCookie: %s=%s\r\n\r\n", path, cookie.Name, cookie.Value)
	if err := readsUntil(c, "event: newest"); err != nil {
		t.Errorf("a page's stream does not begin: %v", err)
	}
	return c
}

// readsUntil reads lines until one has the text.
func readsUntil(c net.Conn, text string) error {
	in := bufio.NewReaderSize(c, 16<<10)
	for {
		line, err := in.ReadString('\n')
		if strings.Contains(line, text) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

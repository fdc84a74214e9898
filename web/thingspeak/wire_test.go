package thingspeak

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestDevicesAreUnderstood sends what devices were seen to send, oddities and all.
func TestDevicesAreUnderstood(t *testing.T) {
	h := newHouse(t)
	for name, prints := range map[string][]string{
		"a plain POST with the key in a header": {"POST /update HTTP/1.1\r\nHost: {host}\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: 11\r\n\r\nfield1=21.5"},
		"line feeds alone":                      {"POST /update HTTP/1.1\nHost: {host}\nX-THINGSPEAKAPIKEY: WRITEKEY\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 11\n\nfield1=21.5"},
		"the key before the body and counted line ends": {"POST /update HTTP/1.1\r\nHost: {host}\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 32\r\n\r\n",
			"WRITEKEY&field1=21.5\r\n\r\n"},
		"no content type":                        {"POST /update HTTP/1.1\r\nHost: {host}\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\nContent-Length: 11\r\n\r\nfield1=21.5"},
		"GET with a form body":                   {"GET /update HTTP/1.1\r\nHost: {host}\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nfield1=21.5"},
		"GET without a version":                  {"GET /update?key=WRITEKEY&field1=21.5\r\n"},
		"GET without a version, in many prints":  {"GET /update", "?key=", "WRITEKEY", "&field1=", "21.5", "\r\n"},
		"GET without a version but with headers": {"GET /update?api_key=WRITEKEY&field1=21.5\r\nHost: {host}\r\nConnection: close\r\n\r\n"},
		"GET without a version, with a space":    {"GET /update?api_key=WRITEKEY&status=all is well&field1=21.5 \n"},
		"HTTP/1.0 without a host":                {"GET /update?api_key=WRITEKEY&field1=21.5 HTTP/1.0\r\n\r\n"},
		"a space in the URL":                     {"GET /update?api_key=WRITEKEY&status=all is well&field1=21.5 HTTP/1.1\r\nHost: {host}\r\n\r\n"},
		"the other header for the key":           {"POST /update HTTP/1.1\r\nHost: {host}\r\nTHINGSPEAKAPIKEY: WRITEKEY\r\nContent-Length: 6\r\n\r\n1=21.5"},
		"a JSON body that says so":               {"POST /update HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 44\r\n\r\n", `{"api_key":"WRITEKEY","field1":21.5}`},
		"a JSON body that does not":              {"POST /update HTTP/1.1\r\nHost: {host}\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\nContent-Length: 17\r\n\r\n{\"field1\":\"21.5\"}"},
		"the key beside the host's old name":     {"GET http://api.thingspeak.com/update?key=WRITEKEY&field1=21.5 HTTP/1.1\r\nHost: api.thingspeak.com\r\n\r\n"},
		"chunks":                                 {"POST /update HTTP/1.1\r\nHost: {host}\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nfield1=21.5\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			before := int64(0)
			if r, err := h.store.Last(t.Context(), h.id, 0); err == nil {
				before = r.Entry
			}
			if got := h.send(t, prints...); !strings.HasPrefix(got, "200 OK|") {
				t.Fatalf("answer %q", got)
			}
			last := h.last(t)
			if last.Entry != before+1 || last.Fields[0] == nil || *last.Fields[0] != "21.5" {
				t.Errorf("entry %d after %d with field1 %v, want 21.5", last.Entry, before, last.Fields[0])
			}
			if strings.Contains(name, "space") && (last.Status == nil || *last.Status != "all is well") {
				t.Errorf("status %v", last.Status)
			}
		})
	}
}

// The requests of the MathWorks library, byte for byte, and what it has to find
// in the answer: the spelling of Content-Length, an HTTP/1.1 status line.
func TestTheVendorsLibraryIsServed(t *testing.T) {
	h := newHouse(t)
	body := "field1=21.50000&field2=-47&lat=48.20&long=17.10&elevation=152.00&status=all is well&created_at=2016-12-21T11:11:11Z&headers=false"
	head := "POST /update HTTP/1.1\r\nHost: api.thingspeak.com\r\nUser-Agent: tslib-arduino/2.1.1 (unknown)\r\nX-THINGSPEAKAPIKEY: WRITEKEY\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 129\r\n\r\n"
	c, err := net.Dial("tcp", h.addr)
	must(t, err)
	defer c.Close()
	raw := func(request string) string {
		for line := range strings.SplitAfterSeq(h.fill(request), "\n") { // a segment for each print
			_, err := io.WriteString(c, line)
			must(t, err)
		}
		must(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
		var b [2048]byte
		n, err := c.Read(b[:])
		must(t, err)
		return string(b[:n])
	}
	read := "User-Agent: tslib-arduino/2.1.1 (unknown)\r\nX-THINGSPEAKAPIKEY: READKEY\r\n\r\n"
	expect(t, raw(head+body), "1")
	expect(t, raw("GET /channels/CHANNEL/fields/1/last HTTP/1.1\r\nHost: api.thingspeak.com\r\n"+read), "21.50000")
	expect(t, raw("GET /channels/CHANNEL/feeds/last.txt?status=true&location=true HTTP/1.1\r\nHost: api.thingspeak.com\r\n"+read),
		`{"created_at":"2016-12-21T11:11:11Z","entry_id":1,"field1":"21.50000","field2":"-47","latitude":"48.20","longitude":"17.10","elevation":"152.00","status":"all is well"}`)
}

func expect(t *testing.T, answer, body string) {
	t.Helper()
	if !strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") || !strings.Contains(answer, "\r\nContent-Length: ") ||
		!strings.Contains(answer, "\r\nStatus: 200 OK\r\n") || strings.Contains(answer, "chunked") || !strings.HasSuffix(answer, "\r\n\r\n"+body) {
		t.Errorf("answer %q, want the body %q", answer, body)
	}
}

func TestADeviceThatHangsUpHasWritten(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		c, err := net.Dial("tcp", h.addr)
		must(t, err)
		_, err = io.WriteString(c, h.fill("GET /update?key=WRITEKEY&field1=21.5 HTTP/1.1\r\nHost: {host}\r\n\r\n"))
		must(t, err)
		c.Close()
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if r, err := h.store.Last(t.Context(), h.id, 0); err == nil && r.Entry == 5 {
			return
		}
	}
	t.Error("a value was lost with its connection")
}

func TestACutRequestStoresNothing(t *testing.T) {
	h := newHouse(t)
	c, err := net.Dial("tcp", h.addr)
	must(t, err)
	_, err = io.WriteString(c, h.fill("GET /update?key=WRITEKEY&field1=2"))
	must(t, err)
	must(t, c.(*net.TCPConn).CloseWrite())
	_, _ = io.ReadAll(c)
	if r, err := h.store.Last(t.Context(), h.id, 0); err == nil {
		t.Errorf("half a value was taken for a whole one: %v", *r.Fields[0])
	}
}

func TestOddRequestsMayFollowOnOneConnection(t *testing.T) {
	h := newHouse(t)
	c, err := net.Dial("tcp", h.addr)
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(5*time.Second)))
	for n, line := range []string{"GET /update?key=WRITEKEY&field1=1 HTTP/1.1", "GET /update?key=WRITEKEY&status=all is well&field1=2 HTTP/1.1",
		"GET /update?key=WRITEKEY&status=still well&field1=3 HTTP/1.1"} {
		_, err := io.WriteString(c, h.fill(line+"\r\nHost: {host}\r\n\r\n"))
		must(t, err)
		var b [1024]byte
		m, err := c.Read(b[:])
		must(t, err)
		expect(t, string(b[:m]), string(rune('1'+n)))
	}
}

func TestHTTP11WithoutAHostIsRefused(t *testing.T) {
	h := newHouse(t)
	if got := h.send(t, "GET /update?key=WRITEKEY&field1=1 HTTP/1.1\r\n\r\n"); !strings.HasPrefix(got, "400 ") {
		t.Errorf("answer %q", got)
	}
}

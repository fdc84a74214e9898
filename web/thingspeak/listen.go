package thingspeak

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Listen wraps a listener (above TLS, where there is one) so that net/http
// understands what devices send in place of a request line: none of the HTTP
// version, or spaces in the URL. Everything else passes untouched.
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	dc := &deviceConn{Conn: c}
	dc.fresh.Store(true)
	return dc, nil
}

// maxLine is the longest request line that is looked at, in bytes.
const maxLine = 8 << 10

// A deviceConn looks at the first line of each request. Timeouts are those of
// the connection below: nothing is read before net/http asks.
type deviceConn struct {
	net.Conn
	fresh   atomic.Bool // the next byte begins a request
	line    []byte      // the beginning of a request whose line is not complete
	handed  int         // how much of line net/http has already
	ready   []byte      // what it gets next
	swallow bool        // the request is complete, what follows is dropped
}

func (c *deviceConn) Read(p []byte) (int, error) {
	if len(c.ready) > 0 {
		return c.hand(p), nil
	}
	if c.swallow {
		return c.drop()
	}
	if !c.fresh.Load() {
		n, err := c.Conn.Read(p)
		// net/http waits for one byte, to notice a hang-up, while it answers: that
		// byte may already begin the next request.
		if n > 0 && c.fresh.Load() {
			c.line, c.handed = append(c.line, p[:n]...), n
		}
		return n, err
	}
	if len(c.line) == 0 {
		n, err := c.Conn.Read(p)
		if end := lineEnd(p[:n]); end > 0 && sound(p[:end]) {
			c.fresh.Store(false)
			return n, err
		}
		c.line = append(c.line, p[:n]...)
		if err != nil {
			return 0, err
		}
	}
	for lineEnd(c.line) == 0 && len(c.line) < maxLine {
		var more [512]byte
		n, err := c.Conn.Read(more[:])
		c.line = append(c.line, more[:n]...)
		if err != nil && lineEnd(c.line) == 0 {
			return 0, err // a cut line is never taken for a whole one
		}
	}
	c.begin()
	if len(c.ready) == 0 {
		return c.Read(p)
	}
	return c.hand(p), nil
}

// begin hands over the gathered beginning of a request, mended where needed.
func (c *deviceConn) begin() {
	c.fresh.Store(false)
	c.ready = c.line
	if end := lineEnd(c.line); end > 0 && !sound(c.line[:end]) {
		var whole bool
		if c.ready, whole = mend(c.line[:end]); whole {
			c.swallow = true
		} else {
			c.ready = append(c.ready, c.line[end:]...)
		}
	}
	c.ready = c.ready[min(c.handed, len(c.ready)):] // mending leaves the first bytes as they are
	c.line, c.handed = nil, 0
}

func (c *deviceConn) hand(p []byte) int {
	n := copy(p, c.ready)
	if c.ready = c.ready[n:]; len(c.ready) == 0 {
		c.ready = nil
	}
	return n
}

func (c *deviceConn) Write(p []byte) (int, error) {
	c.fresh.Store(true)
	return c.Conn.Write(p)
}

const (
	maxDropped = 64 << 10
	linger     = 500 * time.Millisecond
)

// drop reads on until the device hangs up, since an end would tell net/http
// that it has done so.
func (c *deviceConn) drop() (int, error) {
	_, err := io.CopyN(io.Discard, c.Conn, maxDropped)
	if err == nil {
		err = io.EOF
	}
	return 0, err
}

// Close waits a moment for header lines still on their way: closing over unread
// bytes would reset the connection and take the answer with it.
func (c *deviceConn) Close() error {
	if c.swallow && c.CloseWrite() == nil && c.Conn.SetReadDeadline(time.Now().Add(linger)) == nil {
		_, _ = io.CopyN(io.Discard, c.Conn, maxDropped)
	}
	return c.Conn.Close()
}

// CloseWrite lets net/http end its side first.
func (c *deviceConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// lineEnd is the length of the first line that is not empty, with its line feed
// and what empty lines stand before it; 0 if it is not complete.
func lineEnd(b []byte) int {
	start := 0
	for start < len(b) && (b[start] == '\r' || b[start] == '\n') {
		start++
	}
	n := bytes.IndexByte(b[start:], '\n')
	if n < 0 {
		return 0
	}
	return start + n + 1
}

var version = []byte(" HTTP/1.")

// sound tells whether net/http can read the line, or nobody can.
func sound(line []byte) bool {
	at := bytes.IndexByte(line, '/')
	if at < 2 || line[at-1] != ' ' {
		return true // no path after a method
	}
	end := bytes.LastIndex(line, version)
	if end < 0 {
		return !bytes.HasPrefix(bytes.TrimLeft(line, "\r\n"), []byte("GET /"))
	}
	return end < at || bytes.IndexByte(line[at:end], ' ') < 0
}

// mend writes the line as it was meant. Without a version it is a whole request.
func mend(line []byte) (mended []byte, whole bool) {
	at := bytes.IndexByte(line, '/')
	end := bytes.LastIndex(line, version)
	if whole = end < 0; whole {
		end = len(bytes.TrimRight(line, " \r\n"))
	}
	mended = append(mended, line[:at]...)
	mended = append(mended, bytes.ReplaceAll(line[at:end], []byte(" "), []byte("%20"))...)
	if whole {
		return append(mended, " HTTP/1.0\r\n\r\n"...), true
	}
	return append(mended, line[end:]...), false
}

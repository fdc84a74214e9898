package connectortest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Fault is what goes wrong between us and a service.
type Fault int

// The faults. After the first five the service has done what it was asked.
const (
	Lost     Fault = iota // the answer never comes
	Garbage               // it is no JSON
	Cut                   // it ends in the middle
	Drip                  // it comes byte by byte, too slowly
	Erred                 // it is a 500
	Late                  // the service does it much later, nobody answers
	TooMany               // 429, nothing was done
	Refusing              // 503, nothing was done
	Shut                  // the connection is refused
	faults
)

// A Proxy stands between us and a service and makes faults.
type Proxy struct {
	URL string

	mu    sync.Mutex
	rng   *rand.Rand
	share float64 // of calls with a fault
	which []Fault
	late  sync.WaitGroup
	made  [faults]int
	asked []string
	Calls atomic.Int64
}

// NewProxy stands before the service at target.
func NewProxy(t testing.TB, target string) *Proxy {
	p := &Proxy{rng: rand.New(rand.NewPCG(47, 11))}
	forward := func(r *http.Request, body []byte) (int, []byte) {
		out, err := http.NewRequest(r.Method, target+r.URL.RequestURI(), bytes.NewReader(body))
		if err != nil {
			return http.StatusBadGateway, nil
		}
		out.Header = r.Header.Clone()
		res, err := http.DefaultClient.Do(out)
		if err != nil {
			return http.StatusBadGateway, nil
		}
		defer res.Body.Close()
		answer, _ := io.ReadAll(res.Body)
		return res.StatusCode, answer
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Calls.Add(1)
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.RequestURI)
		p.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		fault, wrong := p.draw()
		switch {
		case wrong && fault == Shut:
			panic(http.ErrAbortHandler)
		case wrong && fault == TooMany:
			w.WriteHeader(http.StatusTooManyRequests)
			return
		case wrong && fault == Refusing:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case wrong && fault == Late:
			p.late.Go(func() { time.Sleep(100 * time.Millisecond); forward(r, body) })
			panic(http.ErrAbortHandler)
		}
		status, answer := forward(r, body)
		switch {
		case !wrong:
			w.WriteHeader(status)
			_, _ = w.Write(answer)
		case fault == Lost:
			panic(http.ErrAbortHandler)
		case fault == Erred:
			w.WriteHeader(http.StatusInternalServerError)
		case fault == Garbage:
			_, _ = io.WriteString(w, "<html>We'll be back soon</html>")
		case fault == Cut:
			w.Header().Set("Content-Length", "100000000")
			_, _ = w.Write(answer[:len(answer)/2])
			panic(http.ErrAbortHandler)
		case fault == Drip:
			w.WriteHeader(status)
			for _, b := range answer {
				if _, err := w.Write([]byte{b}); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
	}))
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}

// Fail lets a share of the calls from now on have one of these faults; none
// named: any.
func (p *Proxy) Fail(share float64, which ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(which) == 0 {
		for f := range faults {
			which = append(which, f)
		}
	}
	p.share, p.which = share, which
}

func (p *Proxy) draw() (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rng.Float64() >= p.share {
		return 0, false
	}
	f := p.which[p.rng.IntN(len(p.which))]
	p.made[f]++
	return f, true
}

// Made is how often each fault was made, in the order in which they are declared.
func (p *Proxy) Made() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]int(nil), p.made[:]...)
}

// Asked is the method and the address of each call.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// Calm makes no more faults, and waits for what comes late.
func (p *Proxy) Calm() {
	p.Fail(0)
	p.late.Wait()
}

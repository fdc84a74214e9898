package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAgentsExpire lets the credentials of a hundred thousand agents end within
// one minute, with a restart in its midst. Each of them does what clients do: it asks
// for a token, is refused, and renews. Meanwhile agents whose credentials are good ask
// as before, as fast as they are answered; slower is how much longer so many requests take
// than in the pauses between, in which credentials end as well and nobody comes for it.
func BenchmarkAgentsExpire(b *testing.B) {
	const good, rounds, asked = 64, 7, 400 // agents whose credentials last; requests in a round, from eight connections
	f := newFleet(b, crowdAgents(100_000), []string{"DATA=" + b.TempDir()})
	var calls []call
	for i := range (3*rounds + 1) * asked {
		calls = append(calls, f.tokenCall(b, 1+i%good, f.key, 200))
	}
	f.p.stop(b)
	h := open(b, f.settings)
	began := time.Now().Add(5 * time.Second)
	err := h.db.Gorm.Exec("UPDATE agents SET expires_at = ? + rowid * 60000000 / ? WHERE id > ?", began.UnixMicro(), f.count, nth(good)).Error
	if err != nil {
		b.Fatal(err)
	}
	h.close()
	f.start(b)
	answered := func() time.Duration {
		at, some := time.Now(), calls[:asked]
		calls = calls[asked:]
		var next atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for n := next.Add(1); n <= asked; n = next.Add(1) {
					if err := f.send(some[n-1]); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		return time.Since(at)
	}
	answered() // until everything is warm
	time.Sleep(time.Until(began))
	s := &storm{f: f, began: began, over: make(chan struct{})}
	s.next.Store(good)
	s.blow(b)
	var calm, within, after []time.Duration
	for range rounds {
		s.pause.Store(true)
		time.Sleep(50 * time.Millisecond) // for what is under way
		calm = append(calm, answered())
		s.pause.Store(false)
		within = append(within, answered())
	}
	f.p.kill()
	f.start(b)
	for range rounds {
		after = append(after, answered())
	}
	close(s.over)
	s.agents.Wait()
	usual := float64(middle(calm))
	b.ReportMetric(asked/(usual/1e9), "calm-req/s")
	b.ReportMetric(float64(middle(within))/usual, "slower-in-storm")
	b.ReportMetric(float64(after[0])/usual, "slower-right-after-restart")
	b.ReportMetric(float64(middle(after))/usual, "slower-after-restart")
	b.ReportMetric(float64(s.renewed.Load()), "renewed")
}

func middle(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// A storm is agents whose credentials have ended, each coming when that happens.
type storm struct {
	f             *fleet
	began         time.Time
	next, renewed atomic.Int64
	pause         atomic.Bool
	over          chan struct{}
	agents        sync.WaitGroup
}

// blow lets agents come as fast as their credentials end, eight at a time.
func (s *storm) blow(b *testing.B) {
	const at = 8
	pace := at * time.Minute / time.Duration(s.f.count)
	for range at {
		s.agents.Go(func() {
			for next := time.Now(); s.waits(time.Until(next)); {
				next = time.Now().Add(pace) // what was missed in a pause is not made up for
				n := int(s.next.Add(1))
				if n > s.f.count || !s.waits(time.Until(s.began.Add(time.Duration(n)*time.Minute/time.Duration(s.f.count)))) {
					return
				}
				s.f.send(s.f.tokenCall(b, n, nil, 400)) // while the house starts again nobody answers
				for s.f.send(s.f.renewCall(n)) != nil {
					if !s.waits(300 * time.Millisecond) {
						return
					}
				}
				s.renewed.Add(1)
			}
		})
	}
}

// waits is false when the storm is over.
func (s *storm) waits(rest time.Duration) bool {
	for {
		select {
		case <-s.over:
			return false
		case <-time.After(rest):
		}
		if !s.pause.Load() {
			return true
		}
		rest = 5 * time.Millisecond
	}
}

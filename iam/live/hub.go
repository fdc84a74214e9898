// Package live tells open pages, on every replica, that something changed: what
// and where, never the content. Who may see it is judged by whoever listens.
// Nothing here is durable: a page that missed an event reads the whole anew.
package live

import (
	"context"
	"sync"
	"sync/atomic"

	"halfkey/iam"
)

// Kind is what changed.
type Kind string

// The kinds, and what ID names for each.
const (
	Device   Kind = "device"   // a device
	Value    Kind = "value"    // a channel that got a reading
	Join     Kind = "join"     // a stranger's question
	People   Kind = "people"   // a person, role or invitation
	Key      Kind = "key"      // a registration key
	Activity Kind = "activity" // the trail
	Missed   Kind = "missed"   // too much at once: read everything anew
)

// Event says that something changed.
type Event struct {
	Kind   Kind      `json:"k"`
	Tenant iam.OrgID `json:"t"`
	Org    iam.OrgID `json:"o"`
	ID     string    `json:"i"`
}

// pendingMost is how many different events wait for one reader before they
// become a single Missed.
const pendingMost = 256

// Hub passes events on. Make it with New; Run connects it with other replicas.
type Hub struct {
	mu      sync.RWMutex
	readers map[iam.OrgID]map[*reader]struct{} // by tenant
	abroad  *abroad                            // nil where there is one replica only
	turns   turns
	open    atomic.Int64
}

// reader is one subscription.
type reader struct{ *backlog }

// Publish tells everyone who listens to the event's tenant. It never waits.
func (h *Hub) Publish(e Event) {
	h.local(e)
	if h.abroad != nil {
		h.abroad.add(e)
	}
}

func (h *Hub) local(e Event) {
	h.turns.note(e)
	h.mu.RLock()
	defer h.mu.RUnlock()
	for r := range h.readers[e.Tenant] {
		r.add(e)
	}
	for r := range h.readers[iam.Everywhere] {
		r.add(e)
	}
}

// Subscribe listens to the tenants' events until ctx ends; then the channel is
// closed. Equal events that a slow reader has not taken yet become one.
// iam.Everywhere listens to all tenants; no tenant at all hears nothing.
func (h *Hub) Subscribe(ctx context.Context, tenants ...iam.OrgID) <-chan Event {
	r := &reader{newBacklog(pendingMost)}
	h.mu.Lock()
	for _, t := range tenants {
		if h.readers[t] == nil {
			h.readers[t] = map[*reader]struct{}{}
		}
		h.readers[t][r] = struct{}{}
	}
	h.mu.Unlock()
	h.open.Add(1)
	out := make(chan Event)
	go func() {
		defer close(out)
		defer h.leave(r, tenants)
		r.pass(ctx, out)
	}()
	return out
}

// Open is how many subscriptions there are here.
func (h *Hub) Open() int64 { return h.open.Load() }

func (h *Hub) leave(r *reader, tenants []iam.OrgID) {
	h.open.Add(-1)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range tenants {
		delete(h.readers[t], r)
		if len(h.readers[t]) == 0 {
			delete(h.readers, t)
		}
	}
}

func (r *reader) pass(ctx context.Context, out chan<- Event) {
	for {
		e, ok := r.next()
		if !ok {
			select {
			case <-r.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case out <- e:
		case <-ctx.Done():
			return
		}
	}
}

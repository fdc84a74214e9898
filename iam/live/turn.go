package live

import "sync/atomic"

// turns count events, many kinds of them by one counter.
type turns [4096]atomic.Uint64

func (t *turns) of(kind Kind, id string) *atomic.Uint64 {
	h := uint32(2166136261) // FNV-1a
	for _, s := range [...]string{string(kind), id} {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * 16777619
		}
	}
	return &t[h%uint32(len(t))]
}

func (t *turns) note(e Event) {
	t.of(e.Kind, e.ID).Add(1)
	t.of(e.Kind, "").Add(1)
}

// all changes every turn: anything may have happened.
func (t *turns) all() {
	for i := range t {
		t[i].Add(1)
	}
}

// Turn is a number that changes with every event of that kind and ID, or with
// every one of the kind when id is empty; now and then it changes for another's
// sake. What was read after Turn was asked for holds as long as it stays the
// same, but for an event of another replica that is still on its way: whoever
// remembers by it forgets within seconds all the same. A nil hub has no turns.
func (h *Hub) Turn(kind Kind, id string) (turn uint64, ok bool) {
	if h == nil {
		return 0, false
	}
	return h.turns.of(kind, id).Load(), true
}

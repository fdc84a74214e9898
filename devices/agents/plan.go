package agents

import "halfkey/connectors/channels"

// A plan gives points their spots. Those that have one keep it; a point that
// comes under another id takes over the spot of the one of the same source,
// name and type that is gone, since clients draw new ids for the same thing.
type plan struct {
	spots  []spot
	placed map[string]bool
	first  string // the agent's own channel
}

func newPlan(before []spot, first string) *plan {
	m := &plan{spots: before, placed: map[string]bool{}, first: first}
	for i := range m.spots {
		m.spots[i].live = false
	}
	return m
}

// take finds the spot that the point has already.
func (m *plan) take(source string, p Point) {
	for i := range m.spots {
		if m.spots[i].point == p.ID {
			m.set(i, source, p)
			return
		}
	}
}

func (m *plan) set(i int, source string, p Point) {
	s := &m.spots[i]
	s.point, s.source, s.name, s.unit, s.kind, s.live = p.ID, source, p.Name, p.Unit, p.Type, true
	m.placed[p.ID] = true
}

// takeNamesake finds the spot of one like it that is gone.
func (m *plan) takeNamesake(source string, p Point) bool {
	for i, s := range m.spots {
		if !s.live && s.source == source && s.name == p.Name && s.kind == p.Type {
			m.set(i, source, p)
			return true
		}
	}
	return false
}

// put gives the point a new spot in channel.
func (m *plan) put(channel, source string, p Point) {
	m.spots = append(m.spots, spot{channel: channel, field: m.next(channel)})
	m.set(len(m.spots)-1, source, p)
}

// next is the first field of the channel that nobody has; beyond the last there is none.
func (m *plan) next(channel string) int {
	n := 1
	for _, s := range m.spots {
		if s.channel == channel {
			n = max(n, s.field+1)
		}
	}
	return n
}

// roomFor is a channel of the source with a free field, the agent's own where no
// source has it yet, or "".
func (m *plan) roomFor(source string) string {
	own := false
	for _, s := range m.spots {
		if s.source == source && m.next(s.channel) <= channels.MaxFields {
			return s.channel
		}
		own = own || s.channel == m.first
	}
	if own {
		return ""
	}
	return m.first
}

// count is how many channels the source has.
func (m *plan) count(source string) int {
	seen := map[string]bool{}
	for _, s := range m.spots {
		if s.source == source {
			seen[s.channel] = true
		}
	}
	return len(seen)
}

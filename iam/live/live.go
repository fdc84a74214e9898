package live

import (
	"context"

	"gorm.io/gorm"

	"halfkey/iam"
)

// New makes a hub. With a database that replicas share (PostgreSQL), Run
// carries events between them.
func New(db *gorm.DB) *Hub {
	h := &Hub{readers: map[iam.OrgID]map[*reader]struct{}{}}
	if db != nil && db.Name() == "postgres" {
		h.abroad = newAbroad(db)
	}
	return h
}

// Run exchanges events with the other replicas until ctx ends. A lost
// connection is made anew; who listens here then hears one Missed.
func (h *Hub) Run(ctx context.Context) {
	if h.abroad == nil {
		<-ctx.Done()
		return
	}
	go h.abroad.tell(ctx)
	h.abroad.listen(ctx, h.local, h.missed)
}

// missed tells every reader to look at everything anew.
func (h *Hub) missed() {
	h.turns.all()
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, readers := range h.readers {
		for r := range readers {
			r.add(Event{Kind: Missed})
		}
	}
}

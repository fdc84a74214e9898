package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// every is how often grown chains are sealed outside the database. A tail cut
// within this time of its writing, and with the right keys for nothing, is what
// Verify cannot find.
const every = 2 * time.Second

// worker seals heads and writes refusals in the background.
type worker struct {
	once    sync.Once
	nudge   chan struct{}
	stop    chan struct{}
	running sync.WaitGroup
	mu      sync.Mutex      // one seals and writes at a time; it guards what follows
	marks   map[string]head // what the seal file holds, once read
	broken  map[string]bool // tenants whose chain no longer fits its mark
}

func (w *worker) ready() {
	w.once.Do(func() { w.nudge, w.stop = make(chan struct{}, 1), make(chan struct{}) })
}

func (w *worker) wake() {
	w.ready()
	select {
	case w.nudge <- struct{}{}:
	default:
	}
}

// Start begins to seal chains and to write refusals.
func (t *Trail) Start() {
	t.work.ready()
	t.work.running.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-t.work.stop:
				return
			case <-t.work.nudge:
				t.log(t.round(context.Background(), false, false))
			case <-tick.C:
				t.log(t.round(context.Background(), false, true))
			}
		}
	})
}

// round writes the refusals that are due, or all, and seals if it shall.
func (t *Trail) round(ctx context.Context, all, seal bool) error {
	t.work.mu.Lock()
	defer t.work.mu.Unlock()
	err := t.writeRefusals(ctx, all)
	if seal {
		err = errors.Join(err, t.sealHeads(ctx))
	}
	return err
}

func (t *Trail) log(err error) {
	if err != nil {
		t.config.Logger.Error("the audit trail is behind", "error", err)
	}
}

// Stop ends what Start began, writes every count and seals every chain. Call it once.
func (t *Trail) Stop(ctx context.Context) error {
	t.work.ready()
	close(t.work.stop)
	t.work.running.Wait()
	return t.Flush(ctx)
}

// Flush writes and seals what is outstanding, at once.
func (t *Trail) Flush(ctx context.Context) error { return t.round(ctx, true, true) }

// sealHeads writes down where the chains end that have grown, as committed.
// A chain that no longer holds its last mark keeps that mark, as evidence.
func (t *Trail) sealHeads(ctx context.Context) error {
	if t.config.SealFile == "" {
		return nil
	}
	if err := t.readMarks(); err != nil {
		return err
	}
	grown := t.heads.take()
	var fresh []mark
	for tenant := range grown {
		m, err := t.markOf(ctx, tenant)
		if err != nil {
			t.heads.again(grown)
			return err
		}
		if m.seq > t.work.marks[tenant].seq {
			fresh = append(fresh, m)
		}
	}
	if err := t.sealed.write(fresh); err != nil {
		t.heads.again(grown)
		return fmt.Errorf("seal: %w", err)
	}
	for _, m := range fresh {
		t.work.marks[m.tenant] = m.head
	}
	return nil
}

func (t *Trail) readMarks() error {
	if t.work.marks != nil {
		return nil
	}
	marks, _, err := t.sealed.read()
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	t.work.marks, t.work.broken = make(map[string]head, len(marks)), make(map[string]bool)
	for _, m := range marks {
		if m.seq >= t.work.marks[m.tenant].seq {
			t.work.marks[m.tenant] = m.head
		}
	}
	return nil
}

// markOf reads the tenant's committed head; a zero mark when it must not be sealed.
func (t *Trail) markOf(ctx context.Context, tenant string) (m mark, err error) {
	h, found, err := t.committed(ctx, tenant)
	if err != nil || !found {
		return m, err // not found: the deed was taken back
	}
	last := t.work.marks[tenant]
	if last.seq > 0 {
		fits, err := t.holds(ctx, tenant, last)
		if err != nil {
			return m, err
		}
		if !fits {
			if !t.work.broken[tenant] {
				t.work.broken[tenant] = true
				t.config.Logger.Error("the audit trail was changed behind our back: run halfkey audit verify", "tenant", tenant, "seq", last.seq)
			}
			return m, nil
		}
	}
	return mark{tenant, h}, nil
}

func (t *Trail) committed(ctx context.Context, tenant string) (h head, found bool, err error) {
	var rows []struct {
		Seq int64
		Mac []byte
	}
	err = t.db.WithContext(ctx).Table("audit_heads").Where("tenant_id = ?", tenant).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return h, false, err
	}
	h.seq = rows[0].Seq
	copy(h.mac[:], rows[0].Mac)
	return h, true, nil
}

// holds tells whether the chain still has the line that h names.
func (t *Trail) holds(ctx context.Context, tenant string, h head) (bool, error) {
	var n int64
	err := t.db.WithContext(ctx).Table("audit").Where("tenant_id = ? AND seq = ? AND mac = ?", tenant, h.seq, h.mac[:]).Count(&n).Error
	return n == 1, err
}

// again puts tenants back among the grown.
func (s *heads) again(grown map[string]struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tenant := range grown {
		s.grown[tenant] = struct{}{}
	}
}

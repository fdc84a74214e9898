package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"

	"gorm.io/gorm"
)

type mac = [sha256.Size]byte

// head is where a tenant's chain ends.
type head struct {
	seq int64
	mac mac
}

// hasher computes HMAC-SHA-256 under one key.
type hasher struct{ pool sync.Pool }

type hashing struct {
	hash.Hash
	buf []byte
}

func newHasher(key []byte) *hasher {
	return &hasher{sync.Pool{New: func() any { return &hashing{Hash: hmac.New(sha256.New, key), buf: make([]byte, 0, 512)} }}}
}

// sum hashes what write appends to the buffer that it is given.
func (h *hasher) sum(write func(buf []byte) []byte) (m mac) {
	s := h.pool.Get().(*hashing)
	defer h.pool.Put(s)
	s.Reset()
	s.buf = write(s.buf[:0])
	s.Write(s.buf)
	s.buf = s.Sum(s.buf[:0])
	copy(m[:], s.buf)
	return m
}

// link is the hash of e as the next line after prev. Numbers are eight bytes
// big-endian; a text has its length before it.
func (t *Trail) link(prev mac, e *Entry) mac {
	return t.chain.sum(func(b []byte) []byte {
		b = append(b, prev[:]...)
		for _, n := range [...]int64{e.Seq, e.At, e.Count} {
			b = binary.BigEndian.AppendUint64(b, uint64(n))
		}
		for _, s := range e.texts() {
			b = text(b, *s)
		}
		return b
	})
}

// seal is the hash on a chain's length and head.
func (t *Trail) seal(tenant string, h head) mac {
	return t.sealer.sum(func(b []byte) []byte {
		b = text(append(b, "head"...), tenant)
		b = binary.BigEndian.AppendUint64(b, uint64(h.seq))
		return append(b, h.mac[:]...)
	})
}

func text(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// append writes e as the next line of its tenant's chain. It first tries the
// head that it remembers: the condition in the statement holds only if the
// database ends there too, so a rolled-back deed or another replica's line
// costs a second look and nothing else.
func (t *Trail) append(ctx context.Context, tx *gorm.DB, e *Entry) error {
	d := dialects[tx.Dialector.Name()]
	if h, ok := t.heads.get(e.TenantID); ok {
		if done, err := t.extend(ctx, tx, d, h, e); done || err != nil {
			return err
		}
	}
	h, err := takeHead(ctx, tx, d, e.TenantID)
	if err != nil {
		return fmt.Errorf("audit: head: %w", err)
	}
	done, err := t.extend(ctx, tx, d, h, e)
	if err == nil && !done {
		err = errors.New("audit: the chain's head changed under its lock")
	}
	return err
}

func (t *Trail) extend(ctx context.Context, tx *gorm.DB, d dialect, h head, e *Entry) (done bool, err error) {
	e.Seq = h.seq + 1
	next := head{e.Seq, t.link(h.mac, e)}
	seal := t.seal(e.TenantID, next)
	for _, s := range d.extend {
		res, err := tx.Statement.ConnPool.ExecContext(ctx, s.sql, s.args(e, h, next, seal)...)
		if err != nil {
			return false, fmt.Errorf("audit: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return false, err
		}
	}
	t.heads.set(e.TenantID, next)
	return true, nil
}

// takeHead reads the head and holds it; a tenant without one gets one.
func takeHead(ctx context.Context, tx *gorm.DB, d dialect, tenant string) (h head, err error) {
	for {
		var m []byte
		err := tx.Statement.ConnPool.QueryRowContext(ctx, d.take, tenant).Scan(&h.seq, &m)
		if err == nil {
			copy(h.mac[:], m)
			return h, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return h, err
		}
		if _, err := tx.Statement.ConnPool.ExecContext(ctx, d.found, tenant, h.mac[:], h.mac[:]); err != nil {
			return h, err
		}
	}
}

// heads remembers where chains end, and which have grown since the last seal.
type heads struct {
	mu    sync.Mutex
	known map[string]head
	grown map[string]struct{}
}

// maxHeads bounds the memory: about 100 bytes each.
const maxHeads = 8192

func (s *heads) get(tenant string) (h head, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok = s.known[tenant]
	return h, ok
}

func (s *heads) set(tenant string, h head) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known, s.grown = make(map[string]head), make(map[string]struct{})
	}
	for other := range s.known {
		if len(s.known) < maxHeads {
			break
		}
		delete(s.known, other)
	}
	s.known[tenant] = h
	s.grown[tenant] = struct{}{}
}

// take hands over the tenants whose chains have grown.
func (s *heads) take() map[string]struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grown
	s.grown = make(map[string]struct{})
	return g
}

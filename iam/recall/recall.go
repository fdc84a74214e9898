// Package recall remembers what was read from the database for a moment, and
// only as long as nobody's rights have changed since. It is bounded: when full,
// an arbitrary entry makes room.
package recall

import (
	"sync"
	"time"
)

// Memory maps keys to values that were right at one version of rights.
// Make it with New. It is safe for concurrent use.
type Memory[K comparable, V any] struct {
	most  int
	keep  time.Duration
	mu    sync.RWMutex
	items map[K]item[V]
}

type item[V any] struct {
	value   V
	version int64
	until   time.Time
}

// New makes a memory of at most most entries, each kept for at most keep.
func New[K comparable, V any](most int, keep time.Duration) *Memory[K, V] {
	return &Memory[K, V]{most: most, keep: keep, items: map[K]item[V]{}}
}

// Get gives what was put under key at the same version and not too long ago.
func (m *Memory[K, V]) Get(key K, version int64) (V, bool) {
	m.mu.RLock()
	it, ok := m.items[key]
	m.mu.RUnlock()
	if !ok || it.version != version || time.Now().After(it.until) {
		var none V
		return none, false
	}
	return it.value, true
}

// Put remembers value, which was read after version was.
func (m *Memory[K, V]) Put(key K, version int64, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.items[key]; !ok && len(m.items) >= m.most {
		for k := range m.items {
			delete(m.items, k)
			break
		}
	}
	m.items[key] = item[V]{value, version, time.Now().Add(m.keep)}
}

// Forget drops what was put under key.
func (m *Memory[K, V]) Forget(key K) {
	m.mu.Lock()
	delete(m.items, key)
	m.mu.Unlock()
}

// Clear drops everything.
func (m *Memory[K, V]) Clear() {
	m.mu.Lock()
	clear(m.items)
	m.mu.Unlock()
}

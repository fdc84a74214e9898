package recall

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRemembersForAMomentAndAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string, int](2, time.Second)
		m.Put("a", 1, 10)
		if v, ok := m.Get("a", 1); !ok || v != 10 {
			t.Error("forgotten at once")
		}
		if _, ok := m.Get("a", 2); ok {
			t.Error("remembered over a change of rights")
		}
		time.Sleep(1001 * time.Millisecond)
		if _, ok := m.Get("a", 1); ok {
			t.Error("remembered for too long")
		}
	})
}

func TestStaysBounded(t *testing.T) {
	m := New[int, int](100, time.Hour)
	for i := range 1000 {
		m.Put(i, 1, i)
	}
	if len(m.items) != 100 {
		t.Errorf("%d", len(m.items))
	}
	m.Forget(999)
	m.Clear()
	if len(m.items) != 0 {
		t.Error("not cleared")
	}
}

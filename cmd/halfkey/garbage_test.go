package main

import "testing"

// A small house keeps its garbage long, a large one does not double.
func TestGarbageIsBounded(t *testing.T) {
	for alive, want := range map[uint64]int{0: 800, 4 << 20: 800, 12 << 20: 400, 48 << 20: 100, 1 << 30: 40} {
		if got := garbageFor(alive); got != want {
			t.Errorf("beside %d MiB there may be %d percent, not %d", alive>>20, got, want)
		}
	}
}

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap of a house at rest is a few megabytes, and collecting it at Go's 100
// percent would be a fifth of a page's cost; so there may be loose bytes of
// garbage. Where ten thousand pages are open the heap is large, and garbage may
// only be a part of it.
const (
	loose         = 48 << 20
	mostGarbage   = 800 // percent of what is alive
	leastGarbage  = 40
	noticeGarbage = 10 // percent of change below which nothing is set
)

// keepClean sets how much garbage there may be, after every collection anew. GOGC
// overrules it.
func keepClean() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostGarbage)
	percent := mostGarbage
	var look func(*sentinel)
	look = func(s *sentinel) {
		alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(alive)
		if next := garbageFor(alive[0].Value.Uint64()); (next-percent)*100/percent > noticeGarbage || (percent-next)*100/percent > noticeGarbage {
			debug.SetGCPercent(next)
			percent = next
		}
		runtime.SetFinalizer(s, look)
	}
	runtime.SetFinalizer(&sentinel{}, look)
}

// garbageFor is how much garbage there may be beside so many living bytes, in
// percent of them.
func garbageFor(alive uint64) int {
	return int(min(mostGarbage, max(leastGarbage, loose*100/max(alive, 1))))
}

// sentinel is dead at every collection, and told so. It has a size, for what has
// none is never collected.
type sentinel struct{ _ [16]byte }

package api

import (
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/migrations/dbtest"
)

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func measured(b *testing.B, sign func(serial string) string, status int) {
	d := open(b, dbtest.SQLite(b), io.Discard)
	unlimited(d)
	key := d.Key(b)
	if sign == nil {
		k := auth(key)
		sign = func(serial string) string {
			return string(wire.Registration{First: key.First, Serial: wire.Serial(serial), Nonce: "AAECAwQFBgcICQoLDA0ODw"}.Sign(k))
		}
	}
	bodies := make([]string, b.N)
	for i := range bodies {
		bodies[i] = sign(strconv.Itoa(i))
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	t0 := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(next.Add(1)) - 1
			r := httptest.NewRequest("POST", provedPath(strconv.Itoa(i)), strings.NewReader(bodies[i]))
			w := httptest.NewRecorder()
			if d.echo.ServeHTTP(w, r); w.Code != status {
				b.Errorf("%d %s", w.Code, w.Body)
				return
			}
		}
	})
	b.ReportMetric(float64((cpu()-t0).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

func BenchmarkRegister(b *testing.B) {
	b.Run("good", func(b *testing.B) { measured(b, nil, 201) })
	b.Run("refused", func(b *testing.B) {
		stranger := Stranger(wire.Standard)
		k := auth(stranger)
		measured(b, func(serial string) string {
			return string(wire.Registration{First: stranger.First, Serial: wire.Serial(serial), Nonce: "AAECAwQFBgcICQoLDA0ODw"}.Sign(k))
		}, 403)
	})
}

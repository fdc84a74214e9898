package thingspeak

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"gorm.io/gorm"
)

// BenchmarkUpdate is one value from a device on a socket to the disk and the
// answer back; BenchmarkBareInsert what the row alone costs in a transaction.
func BenchmarkUpdate(b *testing.B) {
	for name, devices := range map[string]int{"1": 1, "8": 8, "64": 64} {
		b.Run(name+"-devices", func(b *testing.B) {
			h := newHouse(b)
			request := h.fill("GET /update?api_key=WRITEKEY&field1=21.5 HTTP/1.1\r\nHost: {host}\r\n\r\n")
			var all sync.WaitGroup
			todo := make(chan struct{}, 1024)
			for range devices {
				c, err := net.Dial("tcp", h.addr)
				must(b, err)
				defer c.Close()
				all.Go(func() {
					r := bufio.NewReader(c)
					for range todo {
						_, _ = io.WriteString(c, request)
						res, err := http.ReadResponse(r, nil)
						if err != nil || res.StatusCode != 200 {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, res.Body)
					}
				})
			}
			b.ResetTimer()
			for range b.N {
				todo <- struct{}{}
			}
			close(todo)
			all.Wait()
		})
	}
}

func BenchmarkBareInsert(b *testing.B) {
	h := newHouse(b)
	n := 0
	for b.Loop() {
		n++
		must(b, h.db.Transaction(func(tx *gorm.DB) error {
			_, err := tx.Statement.ConnPool.ExecContext(b.Context(), `INSERT INTO feeds (channel_id, entry_id, created_at, field1) VALUES (?, ?, ?, ?)`, int64(h.id), n, n, "21.5")
			return err
		}))
	}
}

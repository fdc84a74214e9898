package migrations

import (
	"io/fs"
	"time"
)

// Queue is who stands before SQLite's one writer.
type Queue struct {
	Waiting int           // deeds that wait for their turn
	Held    time.Duration // how long the one at work has held it; 0: nobody does
}

// Queue tells who waits to write just now; ok is false on PostgreSQL, which has
// no one writer.
func (db *DB) Queue() (q Queue, ok bool) {
	if db.writer == nil {
		return q, false
	}
	l := &db.writer.line
	l.mu.Lock()
	defer l.mu.Unlock()
	for t := l.first; t != nil; t = t.next {
		q.Waiting++
	}
	if l.taken {
		q.Held = time.Since(l.since)
	}
	return q, true
}

// Known is the newest version of the schema that this program knows.
func (db *DB) Known() (int64, error) {
	folder, err := fs.Sub(files, db.dialect)
	if err != nil {
		return 0, err
	}
	return newest(folder)
}

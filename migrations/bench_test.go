package migrations

import (
	"database/sql"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"
)

// One durable row per operation: through GORM from one and from many, through
// the transaction's own Exec, and the least that SQLite itself takes.

var row atomic.Int64

func through(b *testing.B, parallel int, deed func(tx *gorm.DB, text string) error) {
	db := newSQLite(b)
	b.ReportAllocs()
	write := func(pb *testing.PB) {
		for pb.Next() {
			text := strconv.FormatInt(row.Add(1), 10)
			if err := db.Gorm.WithContext(b.Context()).Transaction(func(tx *gorm.DB) error { return deed(tx, text) }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.SetParallelism(parallel)
	b.ResetTimer()
	if parallel > 0 {
		b.RunParallel(write)
		return
	}
	for b.Loop() {
		text := strconv.FormatInt(row.Add(1), 10)
		if err := db.Gorm.WithContext(b.Context()).Transaction(func(tx *gorm.DB) error { return deed(tx, text) }); err != nil {
			b.Fatal(err)
		}
	}
}

func direct(tx *gorm.DB, text string) error {
	_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, "INSERT INTO notes (text) VALUES (?)", text)
	return err
}

func BenchmarkOneWriterGORM(b *testing.B)     { through(b, 0, add) }
func BenchmarkOneWriterDirect(b *testing.B)   { through(b, 0, direct) }
func BenchmarkManyWritersGORM(b *testing.B)   { through(b, 32, add) } // 32 for each processor
func BenchmarkManyWritersDirect(b *testing.B) { through(b, 32, direct) }

// BenchmarkFloor commits 64 rows at a time through mattn's driver alone.
func BenchmarkFloor(b *testing.B) {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "floor.db")+pragmas+"&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)"); err != nil {
		b.Fatal(err)
	}
	st, err := db.Prepare("INSERT INTO notes (text) VALUES (?)")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var tx *sql.Tx
	for i := 0; b.Loop(); i++ {
		if i%64 == 0 {
			if tx != nil {
				tx.Commit()
			}
			tx, _ = db.Begin()
		}
		if _, err := tx.Stmt(st).Exec(strconv.FormatInt(row.Add(1), 10)); err != nil {
			b.Fatal(err)
		}
	}
	tx.Commit()
}

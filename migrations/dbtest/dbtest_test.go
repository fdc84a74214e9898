package dbtest

import (
	"testing"

	"halfkey/migrations"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	for range 2 {
		Each(t, func(t *testing.T, db *migrations.DB) {
			var n int64
			if err := db.Gorm.Table("settings").Count(&n).Error; err != nil || n != 0 {
				t.Fatalf("%d rows of another test, %v", n, err)
			}
			if err := db.Gorm.Exec("INSERT INTO settings (name, value, changed_at) VALUES ('a', 'b', 1)").Error; err != nil {
				t.Fatal(err)
			}
			if err := db.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func newVault(t testing.TB) *Vault {
	t.Helper()
	v, err := Open(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var cell = Cell{"simpsons", "devices.secret_sealed", "dev_1"}

func seal(t testing.TB, v *Vault, db *gorm.DB, c Cell, plain string) []byte {
	t.Helper()
	s, err := v.Seal(db, c, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func opens(t *testing.T, v *Vault, db *gorm.DB, c Cell, sealed []byte, want string) {
	t.Helper()
	got, err := v.Open(db, c, sealed)
	if err != nil || string(got) != want {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestASealedCellOpensInItsPlaceOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		v, g := newVault(t), db.Gorm
		sealed := seal(t, v, g, cell, "X7Q2")
		if bytes.Contains(sealed, []byte("X7Q2")) {
			t.Fatal("it is not sealed")
		}
		opens(t, v, g, cell, sealed, "X7Q2")
		seal(t, v, g, Cell{"flanders", cell.Column, cell.Row}, "his")
		for _, c := range []Cell{{"flanders", cell.Column, cell.Row}, {cell.Tenant, "devices.waiting_sealed", cell.Row},
			{cell.Tenant, cell.Column, "dev_2"}, {cell.Tenant, cell.Column + "d", "ev_1"}, {"nobody", cell.Column, cell.Row}} {
			if _, err := v.Open(g, c, sealed); !errors.Is(err, ErrShut) {
				t.Errorf("copied to %v: %v", c, err)
			}
		}
		for i := range sealed {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1
			if _, err := v.Open(g, cell, bad); !errors.Is(err, ErrShut) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
	})
}

func TestAnotherKeysetOpensNothing(t *testing.T) {
	db := dbtest.SQLite(t).Gorm
	v, stranger := newVault(t), newVault(t)
	if err := stranger.Check(t.Context(), db); err != nil {
		t.Fatal("an empty database fits any keyset:", err)
	}
	sealed := seal(t, v, db, cell, "secret")
	if _, err := stranger.Open(db, cell, sealed); !errors.Is(err, ErrShut) {
		t.Fatal(err)
	}
	if err := stranger.Check(t.Context(), db); !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
	if err := v.Check(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyMadeInADeedThatFailsIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		v := newVault(t)
		no := errors.New("no")
		err := db.Gorm.Transaction(func(tx *gorm.DB) error {
			sealed := seal(t, v, tx, cell, "lost")
			opens(t, v, tx, cell, sealed, "lost")
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		var sealed []byte
		err = db.Gorm.Transaction(func(tx *gorm.DB) error {
			sealed = seal(t, v, tx, cell, "kept")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(v.file) // as after a restart
		if err != nil {
			t.Fatal(err)
		}
		opens(t, again, db.Gorm, cell, sealed, "kept")
		opens(t, v, db.Gorm, cell, sealed, "kept")
	})
}

func TestRotationKeepsWhatWasSealedAndThePeppers(t *testing.T) {
	db := dbtest.SQLite(t).Gorm
	v := newVault(t)
	replica, err := Open(v.file)
	if err != nil {
		t.Fatal(err)
	}
	before, pepper := seal(t, v, db, cell, "old"), v.Pepper("first-half")
	if err := v.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := v.Rewrap(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	other := Cell{"flanders", cell.Column, "dev_9"}
	after := seal(t, v, db, other, "new")
	opens(t, replica, db, other, after, "new") // it has not read the rotated file yet
	restarted, err := Open(v.file)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, restarted, db, cell, before, "old")
	if !bytes.Equal(restarted.Pepper("first-half"), pepper) {
		t.Fatal("nobody would find his registration key any more")
	}
}

func TestReplicasThatStartAtOnceAgreeOnTheKeyset(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keyset.json")
	peppers := make([]string, 8)
	var wg sync.WaitGroup
	for i := range peppers {
		wg.Go(func() {
			v, err := Open(file)
			if err != nil {
				t.Error(err)
				return
			}
			peppers[i] = string(v.Pepper("x"))
		})
	}
	wg.Wait()
	for _, p := range peppers {
		if p != peppers[0] {
			t.Fatal("they made different keysets")
		}
	}
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", st.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".keyset-*")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Fatal("a keyset that everybody can read was taken")
	}
}

func TestADamagedKeysetFileIsNotReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keyset.json")
	if err := os.WriteFile(file, []byte(`{"lock":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Fatal("it opened")
	}
	if data, _ := os.ReadFile(file); string(data) != `{"lock":` {
		t.Fatal("what might be repaired was overwritten")
	}
}

func TestPeppersDifferByPurposeAndPartsDoNotShift(t *testing.T) {
	v := newVault(t)
	if bytes.Equal(v.Pepper("a"), v.Pepper("b")) || len(v.Pepper("a")) != 32 {
		t.Fatal("one pepper for two purposes")
	}
	if bytes.Equal(v.MAC("a", []byte("ab"), []byte("c")), v.MAC("a", []byte("a"), []byte("bc"))) {
		t.Fatal("parts shift into one another")
	}
	if !bytes.Equal(v.MAC("a", []byte("x")), v.MAC("a", []byte("x"))) {
		t.Fatal("a hash is not found again")
	}
}

func TestASecretPrintsAsDots(t *testing.T) {
	s := Secret("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "struct", struct{ S Secret }{s})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "struct", struct{ S Secret }{s})
	j, err := json.Marshal(map[string]any{"s": &s, "list": []Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%s %v %q %x %#v %+v %d %v", s, s, s, s, s, s, s, struct{ S *Secret }{&s}) + fmt.Sprint(s, []Secret{s}) + fmt.Errorf("%w: %v", os.ErrExist, s).Error() + log.String() + string(j)
	if strings.Contains(all, "hunter2") || strings.Contains(all, fmt.Sprintf("%x", "hunter2")) {
		t.Fatal(all)
	}
	if s.Reveal() != "hunter2" {
		t.Fatal("nobody can use it")
	}
	if err := dbtest.SQLite(t).Gorm.Exec("INSERT INTO settings (name, value, changed_at) VALUES ('x', ?, 1)", s).Error; err == nil {
		t.Fatal("the database took it in clear")
	}
}

func FuzzParseKeys(f *testing.F) {
	k, err := newKeys()
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"lock":{},"pepper":{"key":[]}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := parseKeys(data); err == nil {
			if _, err := k.aead.Encrypt([]byte("x"), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	db, v := dbtest.SQLite(b).Gorm, newVault(b)
	plain := bytes.Repeat([]byte("x"), 32)
	seal(b, v, db, cell, "first")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Seal(db, cell, plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	v := newVault(b)
	half := []byte("HQ000001")
	b.ReportAllocs()
	for b.Loop() {
		v.MAC("first-half", half)
	}
}

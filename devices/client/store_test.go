package client_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

func TestPowerCutLeavesTheOldStateOrTheNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	store := client.FileStore{Path: path}
	old := client.State{Serial: "1", Current: &wire.Credentials{Channel: wire.Channel{ID: "1", WriteKey: "OLD"}}}
	if err := store.Save(old); err != nil {
		t.Fatal(err)
	}
	next := old
	next.Next = &wire.Credentials{Channel: wire.Channel{ID: "1", WriteKey: "NEW"}}
	doc, _ := json.MarshalIndent(next, "", "  ")

	for n := range len(doc) + 1 { // the power goes after n bytes
		if err := os.WriteFile(path+".new", doc[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if s, err := store.Load(); err != nil || !reflect.DeepEqual(s, old) {
			t.Fatalf("cut after %d bytes: %+v, %v", n, s, err)
		}
	}
	if err := store.Save(next); err != nil { // over what the cut left
		t.Fatal(err)
	}
	if s, err := store.Load(); err != nil || !reflect.DeepEqual(s, next) {
		t.Fatalf("%+v, %v", s, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestFirstSaveCutShortIsANewDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	os.WriteFile(path+".new", []byte(`{"serial":"1"`), 0o600)
	if s, err := (client.FileStore{Path: path}).Load(); err != nil || s != (client.State{}) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestUnreadableStateIsSaidNotOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	os.WriteFile(path, []byte(`{"serial":`), 0o600)
	if _, err := (client.FileStore{Path: path}).Load(); err == nil {
		t.Error("taken for a new device")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"serial":"1","current":{"channel":{"id":"1","write_key":"A"}}}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		path := filepath.Join(t.TempDir(), "state.json")
		os.WriteFile(path, doc, 0o600)
		store := client.FileStore{Path: path}
		s, err := store.Load()
		if err != nil {
			return
		}
		if err := store.Save(s); err != nil {
			t.Fatal(err)
		}
		if again, err := store.Load(); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%+v, %+v, %v", s, again, err)
		}
	})
}

func TestThermometerShowsARoom(t *testing.T) {
	th, other := client.NewThermometer("74743827342"), client.NewThermometer("74743827343")
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var before, night, noon float64
	differ := false
	for s := range 24 * 60 * 4 {
		at := day.Add(time.Duration(s) * 15 * time.Second)
		v := th.At(at)
		if v < 15 || v > 27 || v != th.At(at) {
			t.Fatalf("%v at %v", v, at)
		}
		if s > 0 && (v-before > 0.3 || before-v > 0.3) {
			t.Fatalf("jumps from %v to %v at %v", before, v, at)
		}
		before = v
		switch at.Hour() {
		case 4:
			night += v
		case 15:
			noon += v
		}
		differ = differ || other.At(at) != v
	}
	if noon <= night || !differ {
		t.Errorf("afternoon %v, night %v, two rooms differ: %v", noon/240, night/240, differ)
	}
}

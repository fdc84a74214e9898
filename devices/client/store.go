package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"halfkey/devices/wire"
)

// A State is what a device keeps over a power cut.
type State struct {
	Server          string            `json:"server,omitempty"`
	Serial          wire.Serial       `json:"serial,omitempty"`
	Key             string            `json:"key,omitempty"` // as typed
	Simple          bool              `json:"simple,omitempty"`
	RegistrationDue bool              `json:"registration_due,omitempty"` // key or server changed since
	Current         *wire.Credentials `json:"current,omitempty"`          // have worked
	Next            *wire.Credentials `json:"next,omitempty"`             // not yet
	Filled          int64             `json:"filled,omitempty"`           // Unix seconds: how far Backfill came
}

// A Store keeps a State. Save is all or nothing; Load of an empty store gives
// the zero State.
type Store interface {
	Load() (State, error)
	Save(State) error
}

// A MemoryStore forgets with the process, for simulated devices.
type MemoryStore struct{ state State }

func (m *MemoryStore) Load() (State, error) { return m.state, nil }
func (m *MemoryStore) Save(s State) error   { m.state = s; return nil }

// A FileStore is a file that only its owner may read. At whatever moment the
// power goes, the file holds either the old state or the new one, whole.
type FileStore struct{ Path string }

// Load reads the file. What an interrupted Save left beside it is ignored.
func (f FileStore) Load() (s State, err error) {
	doc, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err == nil {
		err = json.Unmarshal(doc, &s)
	}
	if err != nil {
		return State{}, fmt.Errorf("read the device's state: %w", err)
	}
	return s, nil
}

// Save writes beside the file, waits until that is on the disk, and only then
// puts it in the file's place.
func (f FileStore) Save(s State) error {
	doc, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	beside := f.Path + ".new"
	if err := writeThrough(beside, append(doc, '\n')); err != nil {
		return fmt.Errorf("write the device's state: %w", err)
	}
	if err := os.Rename(beside, f.Path); err != nil {
		return fmt.Errorf("write the device's state: %w", err)
	}
	folder, err := os.Open(filepath.Dir(f.Path))
	if err != nil {
		return fmt.Errorf("write the device's state: %w", err)
	}
	defer folder.Close()
	return folder.Sync()
}

func writeThrough(path string, doc []byte) error {
	// A file left over may have other rights: begin with a new one.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(doc)
	return errors.Join(err, file.Sync(), file.Close())
}

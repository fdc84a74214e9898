package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Load reads the state that a file holds.
func Load(path string) (s State, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err == nil && (s.ID == "" || s.URI == "") {
		err = fmt.Errorf("%s is not the state of an agent", path)
	}
	return s, err
}

// Save writes the state into a file that only its owner may read. At whatever
// moment the power goes, the file holds either the old state or the new one.
func (s State) Save(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".agent-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(append(text, '\n')); err == nil {
		err = f.Sync()
	}
	if end := f.Close(); err == nil {
		err = end
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keys is what the keyset file holds: a keyset that locks tenants' keys and
// may be rotated, and one that peppers are derived from, which never changes,
// since what was hashed with it must be found again.
type keys struct {
	lock   *keyset.Handle
	pepper *keyset.Handle

	aead tink.AEAD
	prf  *prf.Set
}

// keyFile is the file's JSON: two keysets in Tink's own form.
type keyFile struct {
	Lock   json.RawMessage `json:"lock"`
	Pepper json.RawMessage `json:"pepper"`
}

func newKeys() (*keys, error) {
	lock, err1 := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	pepper, err2 := keyset.NewHandle(prf.HKDFSHA256PRFKeyTemplate())
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return (&keys{lock: lock, pepper: pepper}).ready()
}

func (k *keys) ready() (_ *keys, err error) {
	if k.aead, err = aead.New(k.lock); err != nil {
		return nil, err
	}
	k.prf, err = prf.NewPRFSet(k.pepper)
	return k, err
}

// rotated is k with a new primary key; the old ones still open what they locked.
func (k *keys) rotated() (*keys, error) {
	m := keyset.NewManagerFromHandle(k.lock)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	lock, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return (&keys{lock: lock, pepper: k.pepper}).ready()
}

func parseKeys(data []byte) (*keys, error) {
	var f keyFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, errors.New("not a keyset file")
	}
	lock, err1 := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Lock)))
	pepper, err2 := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Pepper)))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return (&keys{lock: lock, pepper: pepper}).ready()
}

func (k *keys) marshal() ([]byte, error) {
	var lock, pepper bytes.Buffer
	err := errors.Join(
		insecurecleartextkeyset.Write(k.lock, keyset.NewJSONWriter(&lock)),
		insecurecleartextkeyset.Write(k.pepper, keyset.NewJSONWriter(&pepper)))
	if err != nil {
		return nil, err
	}
	return json.Marshal(keyFile{lock.Bytes(), pepper.Bytes()})
}

// load reads the keyset file and refuses one that everybody may read or a
// group may change; a group may read it, as mounted secrets have it.
func load(file string) (*keys, error) {
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o027 != 0 {
		return nil, fmt.Errorf("keyset %s: its mode is %o, which is too open; want 600", file, st.Mode().Perm())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	k, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", file, err)
	}
	return k, nil
}

// loadOrMake makes the file when there is none. It comes into being whole, by a
// link, so of two replicas that start at once one makes it and both read it.
func loadOrMake(file string) (*keys, error) {
	k, err := load(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = newKeys(); err != nil {
		return nil, err
	}
	err = place(k, file, os.Link)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return load(file)
}

// place writes k beside file, puts it on disk, and moves it there with put.
func place(k *keys, file string, put func(from, to string) error) error {
	data, err := k.marshal()
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".keyset-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := put(tmp.Name(), file); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) { // some network file systems know no sync of a folder
		err = nil
	}
	return errors.Join(err, d.Close())
}

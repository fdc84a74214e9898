// Package files keeps contents by what they are: the same content is there once,
// under its digest, in a folder that replicas may share. Whose a content is, and
// under which name, is not known here.
package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"halfkey/iam/fault"
)

// A Digest is the SHA-256 of a content, 64 lower-case hexadecimal digits.
type Digest string

// ErrTooLarge is a content that is longer than it may be.
var ErrTooLarge = fault.New(fault.TooLarge, "file-too-large", "The file is larger than it may be.")

// Store is a folder of contents.
type Store struct{ Dir string }

// Put keeps what r gives, at most most bytes, and returns when it is on disk. A
// crash leaves nothing but a file in the folder new, which Sweep removes.
func (s Store) Put(r io.Reader, most int64) (d Digest, size int64, err error) {
	fresh := filepath.Join(s.Dir, "new")
	if err := os.MkdirAll(fresh, 0o700); err != nil {
		return "", 0, fmt.Errorf("keep a file: %w", err)
	}
	f, err := os.CreateTemp(fresh, "")
	if err != nil {
		return "", 0, fmt.Errorf("keep a file: %w", err)
	}
	defer os.Remove(f.Name())
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(r, most+1))
	if err == nil && size > most {
		err = ErrTooLarge
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", 0, err
	}
	d = Digest(hex.EncodeToString(h.Sum(nil)))
	return d, size, s.place(f.Name(), d)
}

// place gives a file its name. One that is there already gets younger, so that
// nobody sweeps it away who does not know yet whose it is now.
func (s Store) place(from string, d Digest) error {
	to := s.path(d)
	now := time.Now()
	if err := os.Chtimes(to, now, now); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (s Store) path(d Digest) string { return filepath.Join(s.Dir, string(d[:2]), string(d[2:])) }

// Open gives a content back.
func (s Store) Open(d Digest) (*os.File, error) {
	if len(d) != 64 || strings.Trim(string(d), "0123456789abcdef") != "" {
		return nil, fs.ErrNotExist
	}
	return os.Open(s.path(d))
}

// Young is how long a content stays that nobody has: whoever puts one in says
// afterwards whose it is.
const Young = 24 * time.Hour

// Sweep removes old contents that nobody has, of one of 256 parts of the folder.
func (s Store) Sweep(part byte, now time.Time, had func(Digest) (bool, error)) error {
	if err := removeOld(filepath.Join(s.Dir, "new"), now, func(string) (bool, error) { return false, nil }); err != nil {
		return err
	}
	name := hex.EncodeToString([]byte{part})
	return removeOld(filepath.Join(s.Dir, name), now, func(rest string) (bool, error) { return had(Digest(name + rest)) })
}

func removeOld(dir string, now time.Time, had func(name string) (bool, error)) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || now.Sub(info.ModTime()) < Young {
			continue
		}
		keep, err := had(e.Name())
		if err != nil {
			return err
		}
		if !keep {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return err
}

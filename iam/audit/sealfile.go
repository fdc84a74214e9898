package audit

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// sealFile remembers, outside the database, how long each chain was and where
// it ended. A line is `seq mac hash tenant` in hex and decimal; the newest line
// of a tenant counts for its length, and every line must still fit its chain.
type sealFile struct {
	path string
	key  *hasher
}

// compactAt is the size in bytes beyond which old lines are dropped.
const compactAt = 4 << 20

// mark is one line of the file.
type mark struct {
	tenant string
	head
}

func (m mark) line(key *hasher) string {
	return fmt.Sprintf("%d %x %x %s\n", m.seq, m.mac, m.hash(key), hex.EncodeToString([]byte(m.tenant)))
}

func (m mark) hash(key *hasher) mac {
	return key.sum(func(b []byte) []byte {
		b = text(append(b, "mark"...), m.tenant)
		b = strconv.AppendInt(b, m.seq, 10)
		return append(b, m.mac[:]...)
	})
}

var errMark = errors.New("not a mark of this trail")

func parseMark(line string, key *hasher) (m mark, err error) {
	f := strings.Split(line, " ")
	if len(f) != 4 {
		return m, errMark
	}
	seq, err1 := strconv.ParseInt(f[0], 10, 64)
	end, err2 := hex.DecodeString(f[1])
	sum, err3 := hex.DecodeString(f[2])
	tenant, err4 := hex.DecodeString(f[3])
	if errors.Join(err1, err2, err3, err4) != nil || len(end) != len(m.mac) || seq < 1 {
		return m, errMark
	}
	m.tenant, m.seq = string(tenant), seq
	copy(m.mac[:], end)
	if want := m.hash(key); !hmac.Equal(want[:], sum) {
		return m, errMark
	}
	return m, nil
}

// read gives all marks, oldest first, and how many lines are none. A last line
// that a power cut left half written is not counted.
func (s sealFile) read() (marks []mark, damaged int, err error) {
	if s.path == "" {
		return nil, 0, nil
	}
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		m, err := parseMark(lines.Text(), s.key)
		if err != nil {
			damaged++
			continue
		}
		marks = append(marks, m)
	}
	return marks, damaged, lines.Err()
}

// write appends marks. Replicas may share the file: each write holds its lock.
func (s sealFile) write(marks []mark) error {
	if s.path == "" || len(marks) == 0 {
		return nil
	}
	f, err := s.locked()
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Seek(0, 2)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if half, err := halfLine(f, size); err != nil {
		return err
	} else if half {
		out.WriteByte('\n') // what a power cut left must not swallow our first line
	}
	for _, m := range marks {
		out.WriteString(m.line(s.key))
	}
	if _, err := f.Write(out.Bytes()); err != nil {
		return err
	}
	if size > compactAt {
		return s.compact()
	}
	return nil
}

func halfLine(f *os.File, size int64) (bool, error) {
	if size == 0 {
		return false, nil
	}
	var last [1]byte
	_, err := f.ReadAt(last[:], size-1)
	return last[0] != '\n', err
}

// locked opens the file and holds its lock. A file that was replaced while we
// waited is opened anew.
func (s sealFile) locked() (*os.File, error) {
	for {
		f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		mine, err1 := f.Stat()
		theirs, err2 := os.Stat(s.path)
		if err1 == nil && err2 == nil && os.SameFile(mine, theirs) {
			return f, nil
		}
		if err := f.Close(); err != nil || err1 != nil || err2 != nil && !errors.Is(err2, fs.ErrNotExist) {
			return nil, errors.Join(err, err1, err2)
		}
	}
}

// compact keeps the newest mark of each tenant. The caller holds the lock. A
// file with damaged lines stays as it is: they are evidence.
func (s sealFile) compact() error {
	marks, damaged, err := s.read()
	if err != nil || damaged > 0 {
		return err
	}
	newest := make(map[string]mark, len(marks))
	for _, m := range marks {
		if m.seq >= newest[m.tenant].seq {
			newest[m.tenant] = m
		}
	}
	if len(newest)*2 > len(marks) {
		return nil
	}
	var out bytes.Buffer
	for _, m := range newest {
		out.WriteString(m.line(s.key))
	}
	tmp := s.path + ".new"
	if err := os.WriteFile(tmp, out.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, s.path)
}

package blocklist

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Import makes a filter of a list, one password or SHA-1 a line, and puts it at
// to in one step, so that whoever looks meanwhile finds the old one. It tells
// how many entries there are. The filter takes three bytes an entry, in memory
// while it is made and in the file.
func Import(list, to string) (entries int, err error) {
	if err := eachLine(list, func([20]byte) { entries++ }); err != nil {
		return 0, err
	}
	if entries == 0 {
		return 0, errors.New("blocklist: the list is empty")
	}
	size := (uint64(entries)*perEntry + 7) / 8
	file := make([]byte, headerSize+size)
	copy(file, magic)
	binary.BigEndian.PutUint64(file[8:], size*8)
	binary.BigEndian.PutUint64(file[16:], uint64(entries))
	bits := file[headerSize:]
	err = eachLine(list, func(sum [20]byte) {
		for _, at := range places(sum, size*8) {
			bits[at/8] |= 1 << (at % 8)
		}
	})
	if err != nil {
		return 0, err
	}
	return entries, place(file, to)
}

func eachLine(list string, take func([20]byte)) error {
	in, err := os.Open(list)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s, line %d: %w", list, n, errors.Join(ErrLine, err))
		}
		sum, ok, wrong := parseLine(line)
		if wrong != nil {
			return fmt.Errorf("%s, line %d: %w", list, n, wrong)
		}
		if ok {
			take(sum)
		}
		if err == io.EOF {
			return nil
		}
	}
}

func place(file []byte, to string) error {
	out, err := os.CreateTemp(filepath.Dir(to), ".filter-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	_, err = out.Write(file)
	err = errors.Join(err, out.Sync(), out.Close())
	if err == nil {
		err = os.Chmod(out.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(out.Name(), to)
	}
	return err
}

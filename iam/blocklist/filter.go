package blocklist

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
)

// A filter's file: the eight bytes of magic, the number of bits and of entries as
// 64-bit big-endian numbers, then the bits. Each entry sets probes bits, found by
// double hashing over the first 16 bytes of its SHA-1 (Kirsch and Mitzenmacher,
// "Less Hashing, Same Performance", 2006).
const (
	magic      = "hkblock1"
	headerSize = 24
	perEntry   = 24 // bits
	probes     = 17 // the best number for so many bits: wrong once in 100,000 times
)

// ErrFilter says that a file is no filter of ours.
var ErrFilter = errors.New("blocklist: this is not a filter made by `halfkey passwords import`")

// source is where a filter is read from, a few bytes at a time: it may be larger
// than the memory.
type source interface{ io.ReaderAt }

type filter struct {
	in   source
	bits uint64
}

func open(in source) (filter, error) {
	var head [headerSize]byte
	if _, err := in.ReadAt(head[:], 0); err != nil || string(head[:8]) != magic {
		return filter{}, ErrFilter
	}
	f := filter{in, binary.BigEndian.Uint64(head[8:])}
	if f.bits == 0 || f.bits%8 != 0 || f.bits > 1<<40 {
		return filter{}, ErrFilter
	}
	return f, nil
}

func (f filter) has(sum [sha1.Size]byte) (bool, error) {
	var b [1]byte
	for _, at := range places(sum, f.bits) {
		if _, err := f.in.ReadAt(b[:], headerSize+int64(at/8)); err != nil {
			return false, ErrFilter
		}
		if b[0]&(1<<(at%8)) == 0 {
			return false, nil
		}
	}
	return true, nil
}

func places(sum [sha1.Size]byte, bits uint64) (at [probes]uint64) {
	one, two := binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])|1
	for i := range at {
		at[i] = (one + uint64(i)*two) % bits
	}
	return at
}

func unhex(to, from []byte) bool {
	_, err := hex.Decode(to, from)
	return err == nil
}

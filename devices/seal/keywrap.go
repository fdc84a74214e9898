package seal

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// wrapIV is the initial value of RFC 3394 section 2.2.3.1, which unwrapping
// must find again.
const wrapIV = 0xA6A6A6A6A6A6A6A6

// appendWrapped adds key, a multiple of 8 bytes, wrapped as RFC 3394 says.
func appendWrapped(dst []byte, block cipher.Block, key []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, 8)...)
	dst = append(dst, key...)
	out := dst[start:]
	n := len(key) / 8

	var buf [16]byte
	binary.BigEndian.PutUint64(buf[:8], wrapIV)
	for t := 1; t <= 6*n; t++ {
		r := out[8*((t-1)%n+1):][:8]
		copy(buf[8:], r)
		block.Encrypt(buf[:], buf[:])
		copy(r, buf[8:])
		a := binary.BigEndian.Uint64(buf[:8])
		binary.BigEndian.PutUint64(buf[:8], a^uint64(t))
	}
	copy(out, buf[:8])
	return dst
}

// unwrap gives the key, or false when it was wrapped under another one.
func unwrap(block cipher.Block, wrapped []byte) ([]byte, bool) {
	n := len(wrapped)/8 - 1
	if n < 1 || len(wrapped)%8 != 0 {
		return nil, false
	}
	key := append([]byte(nil), wrapped[8:]...)
	var buf, want [16]byte
	copy(buf[:8], wrapped)
	for t := 6 * n; t >= 1; t-- {
		a := binary.BigEndian.Uint64(buf[:8])
		binary.BigEndian.PutUint64(buf[:8], a^uint64(t))
		r := key[8*((t-1)%n):][:8]
		copy(buf[8:], r)
		block.Decrypt(buf[:], buf[:])
		copy(r, buf[8:])
	}
	binary.BigEndian.PutUint64(want[:8], wrapIV)
	return key, subtle.ConstantTimeCompare(buf[:8], want[:8]) == 1
}

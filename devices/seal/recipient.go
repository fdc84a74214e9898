package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	algKey      = "A256KW"
	encKey      = "A256GCM"
	algPassword = "PBES2-HS256+A128KW"
	encPassword = "A128GCM"
)

// Iterations is what a password is stretched by when nobody asks for more;
// npm's jose opens no more unless told. MaxIterations is the most a server asks.
const (
	Iterations    = 10_000
	MaxIterations = 1_000_000
)

// SaltSize is the length of a password's salt (p2s) in bytes.
const SaltSize = 16

// A Recipient is who can open a message. It may be kept and used from many
// goroutines at once.
type Recipient struct {
	wrap     cipher.Block
	keySize  int // of the content key, in bytes
	alg, enc string
	p2c      int
	p2s      string // base64url
}

// ForKey is the holder of K_seal: a standard key or a boarded device.
func ForKey(kSeal [32]byte) Recipient {
	block, _ := aes.NewCipher(kSeal[:]) // 32 bytes always fit
	return Recipient{wrap: block, keySize: 32, alg: algKey, enc: encKey}
}

// ForPassword is the holder of a classic key's second half. The salt is drawn
// once for a key and kept, so that a slow device may keep what it derived.
// Stretching takes milliseconds; keep the Recipient rather than make it anew.
func ForPassword(second string, salt []byte, iterations int) (Recipient, error) {
	if len(salt) != SaltSize || iterations < Iterations || iterations > MaxIterations {
		return Recipient{}, fmt.Errorf("seal: want %d bytes of salt and %d to %d iterations", SaltSize, Iterations, MaxIterations)
	}
	block, err := stretch(second, salt, iterations)
	if err != nil {
		return Recipient{}, err
	}
	return Recipient{wrap: block, keySize: 16, alg: algPassword, enc: encPassword,
		p2c: iterations, p2s: base64.RawURLEncoding.EncodeToString(salt)}, nil
}

// stretch makes the wrapping key out of a password, RFC 7518 section 4.8.1.1.
func stretch(second string, salt []byte, iterations int) (cipher.Block, error) {
	if second == "" {
		return nil, errors.New("seal: no second half")
	}
	full := append([]byte(algPassword+"\x00"), salt...)
	key, err := pbkdf2.Key(sha256.New, second, full, iterations, 16)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}

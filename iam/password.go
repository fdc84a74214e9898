package iam

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// A password is the only factor for now, so NIST SP 800-63B-4 wants 15
// characters, no rules of composition and no change by the calendar.
const (
	passwordLeast = 15  // characters
	passwordMost  = 256 // characters
)

// What makes a password unfit. The sentences are for a form's field.
var (
	ErrPasswordShort  = fault.New(fault.Unprocessable, "password-short", "Use at least 15 characters; a short sentence is easy to remember.")
	ErrPasswordLong   = fault.New(fault.Unprocessable, "password-long", "Use at most 256 characters.")
	ErrPasswordPlain  = fault.New(fault.Unprocessable, "password-plain", "This repeats too few characters to be hard to guess.")
	ErrPasswordNaming = fault.New(fault.Unprocessable, "password-naming", "This is little more than your own name, address or organisation. Use something that others would not try first.")
)

// CheckStrength refuses a password that is too short, too long, nearly one
// character repeated, or mostly one of the given names that belong to the person.
func CheckStrength(password vault.Secret, names ...string) error {
	p := password.Reveal()
	n := utf8.RuneCountInString(p)
	switch {
	case n < passwordLeast:
		return ErrPasswordShort
	case n > passwordMost || len(p) > 4*passwordMost:
		return ErrPasswordLong
	}
	different := map[rune]bool{}
	for _, r := range p {
		different[r] = true
	}
	if len(different) < 5 {
		return ErrPasswordPlain
	}
	lower := strings.ToLower(p)
	for _, name := range names {
		name = strings.ToLower(name)
		if len(name) < 4 {
			continue
		}
		if rest := strings.ReplaceAll(lower, name, ""); utf8.RuneCountInString(rest) < 8 && rest != lower {
			return ErrPasswordNaming
		}
	}
	return nil
}

// Argon2id as OWASP's smallest: 19 MiB, two passes, one lane. About 20 ms.
const (
	argonMemory = 19456 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonSalt   = 16 // bytes
	argonKey    = 32 // bytes
)

// Passwords hashes behind a gate: so many at once that a flood of sign-ins
// cannot eat the memory. Make it with NewPasswords.
type Passwords struct {
	gate  chan struct{}
	decoy string
}

// NewPasswords opens a gate of two hashes for each core.
func NewPasswords() *Passwords {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	return &Passwords{
		gate:  make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		decoy: phc(argonMemory, argonTime, argonLanes, salt, make([]byte, argonKey)),
	}
}

// Hash gives the PHC string to store. It waits for the gate as long as ctx
// allows. Call it outside any transaction.
func (p *Passwords) Hash(ctx context.Context, password vault.Secret) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key, err := p.derive(ctx, password, salt, argonMemory, argonTime, argonLanes, argonKey)
	if err != nil {
		return "", err
	}
	return phc(argonMemory, argonTime, argonLanes, salt, key), nil
}

// Check compares in constant time. stale means that the hash was made with
// other parameters than today's and should be made anew. An empty hash, where
// nobody was found, costs as much as a real one and never fits.
func (p *Passwords) Check(ctx context.Context, hash string, password vault.Secret) (fits, stale bool, err error) {
	known := hash != ""
	if !known {
		hash = p.decoy
	}
	var memory, time uint32
	var lanes uint8
	fields := strings.Split(hash, "$") // "", argon2id, v=19, m=…,t=…,p=…, salt, key
	if len(fields) != 6 || fields[1] != "argon2id" || fields[2] != "v=19" {
		return false, false, fmt.Errorf("a stored password hash has an unknown form")
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &memory, &time, &lanes); err != nil {
		return false, false, fmt.Errorf("a stored password hash has unreadable parameters: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(fields[4])
	if err != nil {
		return false, false, fmt.Errorf("a stored password hash has an unreadable salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(fields[5])
	if err != nil || len(want) == 0 {
		return false, false, fmt.Errorf("a stored password hash has an unreadable key: %v", err)
	}
	got, err := p.derive(ctx, password, salt, memory, time, lanes, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	fits = subtle.ConstantTimeCompare(got, want) == 1 && known
	return fits, memory != argonMemory || time != argonTime || lanes != argonLanes, nil
}

func (p *Passwords) derive(ctx context.Context, password vault.Secret, salt []byte, memory, time uint32, lanes uint8, size uint32) ([]byte, error) {
	select {
	case p.gate <- struct{}{}:
		defer func() { <-p.gate }()
		return argon2.IDKey([]byte(password.Reveal()), salt, time, memory, lanes, size), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func phc(memory, time uint32, lanes uint8, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

package iam

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"halfkey/iam/blocklist"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// NIST SP 800-63B-4 (August 2025), section 3.1.1: 15 characters where the
// password is all that is asked for, 8 where a second factor is too, no rules of
// composition, no change by the calendar, and none of those that everybody tries.
const (
	passwordLeast = 15  // characters
	passwordBrief = 8   // with a second factor
	passwordMost  = 256 // characters
)

// What makes a password unfit. The sentences are for a form's field.
var (
	ErrPasswordShort  = fault.New(fault.Unprocessable, "password-short", "Use at least 15 characters; a short sentence is easy to remember.")
	ErrPasswordBrief  = fault.New(fault.Unprocessable, "password-brief", "Use at least 8 characters.")
	ErrPasswordLong   = fault.New(fault.Unprocessable, "password-long", "Use at most 256 characters.")
	ErrPasswordPlain  = fault.New(fault.Unprocessable, "password-plain", "This repeats too few characters to be hard to guess.")
	ErrPasswordNaming = fault.New(fault.Unprocessable, "password-naming", "This is little more than your own name, address or organisation. Use something that others would not try first.")
	ErrPasswordCommon = fault.New(fault.Unprocessable, "password-common", "Many people use this password, so it is among the first that are tried. Choose another.")
)

// Fit refuses a password that is too short, too long, nearly one character
// repeated, mostly one of the given names that belong to the person, or on a
// list of passwords that are tried first. alone says that nothing else is asked for.
func (p *Passwords) Fit(password vault.Secret, alone bool, names ...string) error {
	text := password.Reveal()
	n := utf8.RuneCountInString(text)
	switch {
	case alone && n < passwordLeast:
		return ErrPasswordShort
	case n < passwordBrief:
		return ErrPasswordBrief
	case n > passwordMost || len(text) > 4*passwordMost:
		return ErrPasswordLong
	}
	different := map[rune]bool{}
	for _, r := range text {
		different[r] = true
	}
	if len(different) < 5 {
		return ErrPasswordPlain
	}
	if naming(strings.ToLower(text), append(names, "halfkey")) {
		return ErrPasswordNaming
	}
	common, err := blocklist.Common(text, p.Imported)
	if err != nil {
		return fmt.Errorf("look a password up: %w", err)
	}
	if common {
		return ErrPasswordCommon
	}
	return nil
}

// standsAlone tells whether a password is long enough to be all that is asked for.
func standsAlone(password vault.Secret) bool {
	return utf8.RuneCountInString(password.Reveal()) >= passwordLeast
}

// naming reports whether a password is little else than words that whoever knows
// the person would try: whole names, and the parts of an address.
func naming(lower string, names []string) bool {
	words := slices.Clone(names)
	for _, name := range names { // the whole first: a part taken out would hide it
		words = append(words, strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" @.-_", r) })...)
	}
	rest := lower
	for _, word := range words {
		if len(word) >= 4 {
			rest = strings.ReplaceAll(rest, strings.ToLower(word), "")
		}
	}
	return rest != lower && utf8.RuneCountInString(rest) < 8 && utf8.RuneCountInString(rest) < utf8.RuneCountInString(lower)/2+1
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
	Imported string // a filter's file made by blocklist.Import; it need not be there
	gate     chan struct{}
	decoy    string
	worked   atomic.Int64
}

// Worked is how many hashes were made so far.
func (p *Passwords) Worked() int64 { return p.worked.Load() }

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
		p.worked.Add(1)
		return argon2.IDKey([]byte(password.Reveal()), salt, time, memory, lanes, size), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func phc(memory, time uint32, lanes uint8, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

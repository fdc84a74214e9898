// Package blocklist knows the passwords that everybody tries first. It asks no
// network: one small filter of common passwords is in the program, another may
// be made from a list of leaked ones. A filter never forgets what was put in, and
// takes a stranger for one of them once in a hundred thousand times. It knows
// nothing of people.
package blocklist

import (
	"bytes"
	"crypto/sha1" // lists of leaked passwords come as SHA-1; nothing is protected by it here
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// common holds the passwords of @zxcvbn-ts/language-common; see common.txt. It
// stays where the program's file is until somebody looks into it.
//
//go:embed common.filter
var common string

// Common reports whether a password, or little more than it, is on the list in
// the program or in the filter's file at imported, which need not be there.
func Common(password, imported string) (bool, error) {
	found, err := looked(strings.NewReader(common), password)
	if err != nil || found || imported == "" {
		return found, err
	}
	file, err := os.Open(imported)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	if found, err = looked(file, password); err != nil {
		return false, fmt.Errorf("%s: %w", imported, err)
	}
	return found, nil
}

func looked(in source, password string) (bool, error) {
	f, err := open(in)
	if err != nil {
		return false, err
	}
	for _, v := range variants(password) {
		if found, err := f.has(sha1.Sum([]byte(v))); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// variants are what a password is when one sees through the usual disguises:
// capitals, numbers and marks at its end, the same thing several times.
func variants(password string) []string {
	lower := strings.ToLower(password)
	all := []string{password, lower}
	core := strings.TrimRightFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(core) >= 4 && len(core) < len(lower) && 2*len(core) >= len(lower) {
		all = append(all, core)
	}
	if unit := repeated(lower); unit != lower {
		all = append(all, unit)
	}
	return all
}

// repeated is the shortest text that makes s when said again and again.
func repeated(s string) string {
	if i := strings.Index((s + s)[min(1, len(s)):], s) + 1; i > 0 && i < len(s) {
		return s[:i]
	}
	return s
}

// ErrLine says that a line of a list can be no password.
var ErrLine = errors.New("blocklist: a line is longer than a password can be")

// lineMost is the longest line that a list may have, in bytes.
const lineMost = 1024

// parseLine takes a line of a list: a password as it is, or its SHA-1 in
// hexadecimal with or without how often it was seen, as "Pwned Passwords" has
// them (https://haveibeenpwned.com/API/v3#PwnedPasswords). False for an empty line.
func parseLine(line []byte) (sum [sha1.Size]byte, ok bool, err error) {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) > lineMost {
		return sum, false, ErrLine
	}
	if len(line) == 0 {
		return sum, false, nil
	}
	hash, count, _ := bytes.Cut(line, []byte(":"))
	if len(hash) == 2*sha1.Size && digits(count) && unhex(sum[:], hash) {
		return sum, true, nil
	}
	return sha1.Sum(line), true, nil
}

func digits(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

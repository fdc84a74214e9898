package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// MaxSize is the largest sealed answer that a device looks at, in bytes.
const MaxSize = 4096

// ErrNotForUs says that an answer does not belong to the request, was changed
// on the way, or was sealed for somebody else. Which of these, no device needs
// to know: it asks again.
var ErrNotForUs = errors.New("seal: the answer cannot be opened")

// Open opens what was sealed for kSeal in reply to the request that want
// describes. Algorithms and sizes are those that the device asked for; the
// header only has to agree.
func Open(kSeal [32]byte, want Header, sealed []byte) ([]byte, error) {
	p, err := split(sealed)
	if err != nil || len(p.wrapped) != 40 || !p.says(want, algKey, encKey) {
		return nil, ErrNotForUs
	}
	return p.decrypt(ForKey(kSeal).wrap)
}

// OpenPassword opens what was sealed for a classic key's second half, and
// stretches it no more than limit times (at least Iterations).
func OpenPassword(second string, limit int, want Header, sealed []byte) ([]byte, error) {
	p, err := split(sealed)
	if err != nil || len(p.wrapped) != 24 || !p.says(want, algPassword, encPassword) {
		return nil, ErrNotForUs
	}
	count, _ := p.header["p2c"].(json.Number)
	iterations, err := strconv.Atoi(count.String())
	if err != nil || iterations < Iterations || iterations > limit {
		return nil, ErrNotForUs
	}
	p2s, _ := p.header["p2s"].(string)
	salt, ok := decode([]byte(p2s))
	if !ok || len(salt) != SaltSize {
		return nil, ErrNotForUs
	}
	block, err := stretch(second, salt, iterations)
	if err != nil {
		return nil, ErrNotForUs
	}
	return p.decrypt(block)
}

// parts are a compact JWE's five, decoded.
type parts struct {
	header      map[string]any // string or json.Number
	asSent      []byte         // the header's text, which the tag covers
	wrapped, iv []byte
	box         []byte // ciphertext and tag
}

func split(sealed []byte) (p parts, err error) {
	if len(sealed) > MaxSize {
		return p, ErrNotForUs
	}
	texts := bytes.Split(sealed, []byte("."))
	if len(texts) != 5 {
		return p, ErrNotForUs
	}
	var plain [5][]byte
	for i, text := range texts {
		var ok bool
		if plain[i], ok = decode(text); !ok {
			return p, ErrNotForUs
		}
	}
	if len(plain[2]) != ivSize || len(plain[4]) != tagSize {
		return p, ErrNotForUs
	}
	p.asSent, p.wrapped, p.iv = texts[0], plain[1], plain[2]
	p.box = append(plain[3], plain[4]...)
	p.header, err = flat(plain[0])
	return p, err
}

// says compares the header with what was asked for. Members beyond these, as
// zip and crit would be, are not understood and so refused.
func (p parts) says(want Header, alg, enc string) bool {
	allowed := map[string]string{"alg": alg, "enc": enc, "typ": typ, "cty": want.Cty, "kid": want.Kid, "sub": want.Sub}
	if want.Nonce != "" {
		allowed["nonce"] = want.Nonce
	}
	for name, value := range allowed {
		if got, ok := p.header[name]; !ok || got != value {
			return false
		}
	}
	for name := range p.header {
		if _, ok := allowed[name]; !ok && !(alg == algPassword && (name == "p2c" || name == "p2s")) {
			return false
		}
	}
	return true
}

func (p parts) decrypt(wrap cipher.Block) ([]byte, error) {
	key, ok := unwrap(wrap, p.wrapped)
	if !ok {
		return nil, ErrNotForUs
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrNotForUs
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, ErrNotForUs
	}
	content, err := gcm.Open(nil, p.iv, p.box, p.asSent)
	if err != nil {
		return nil, ErrNotForUs
	}
	return content, nil
}

// flat reads a JSON object of strings and whole numbers, no name twice.
func flat(doc []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, ErrNotForUs
	}
	members := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, ErrNotForUs
		}
		value, err := d.Token()
		if err != nil {
			return nil, ErrNotForUs
		}
		key, _ := name.(string)
		if _, twice := members[key]; twice {
			return nil, ErrNotForUs
		}
		switch value.(type) {
		case string, json.Number:
			members[key] = value
		default:
			return nil, ErrNotForUs
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, ErrNotForUs
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ErrNotForUs
	}
	return members, nil
}

// decode reads strict base64url; Go's decoder alone would skip line breaks.
func decode(text []byte) ([]byte, bool) {
	if bytes.ContainsAny(text, "\r\n") {
		return nil, false
	}
	plain, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	return plain, err == nil
}

package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// MaxBody is the largest request body a door reads, in bytes.
const MaxBody = 4096

const (
	registrationType = "halfkey-registration+jwt"
	leeway           = 300 // seconds by which a device's clock may be wrong
	shownLength      = 64  // characters of model and firmware
)

// A RegistrationToken is what a device sends to the proved door, read but not
// yet believed: Verify tells whether the holder of the key has signed it.
type RegistrationToken struct {
	First    string // names the registration key: 10 characters, normal form
	Serial   Serial
	Nonce    Nonce  // the claim jti; the answer repeats it
	Model    string // at most 64 printable characters, or empty
	Firmware string

	notBefore, expires float64 // Unix seconds, 0 where absent
	input, signature   []byte
}

// ParseRegistration judges the form of a proved door's request body for the
// serial in its path; errors are *FormError. The token points into body, which
// must stay as it is until Verify.
func ParseRegistration(body []byte, path Serial) (*RegistrationToken, error) {
	body = bytes.Trim(body, " \t\r\n")
	head, rest, _ := bytes.Cut(body, []byte("."))
	payload, mac, ok := bytes.Cut(rest, []byte("."))
	if !ok {
		return nil, malformed("token: want three parts joined by dots")
	}
	header, ok := decode64(head)
	if !ok {
		return nil, malformed("token header: not base64url")
	}
	claims, ok := decode64(payload)
	if !ok {
		return nil, malformed("token claims: not base64url")
	}
	t := &RegistrationToken{input: body[:len(head)+1+len(payload)]}
	if t.signature, ok = decode64(mac); !ok || len(t.signature) != sha256.Size {
		return nil, malformed("token signature: want 32 bytes in base64url")
	}
	if err := t.readHeader(header); err != nil {
		return nil, err
	}
	if err := t.readClaims(claims); err != nil {
		return nil, err
	}
	if t.Serial != path {
		return nil, malformed("sub: not the serial of the path")
	}
	return t, nil
}

func (t *RegistrationToken) readHeader(doc []byte) error {
	count := 0
	err := members("token header", doc, func(name, value string) error {
		count++
		s, _ := text(value)
		switch name {
		case "alg":
			if s != "HS256" {
				return malformed("alg: want HS256")
			}
		case "typ":
			if s != registrationType {
				return malformed("typ: want " + registrationType)
			}
		case "kid":
			if len(s) == classicFirst {
				return malformed("kid: a classic key opens the simple door only")
			}
			if normal, ok := normalize(s); !ok || normal != s || len(s) != standardFirst {
				return malformed("kid: want a first half, 10 characters in normal form")
			}
			t.First = s
		default:
			return malformed("token header: want alg, typ and kid, and no other")
		}
		return nil
	})
	if err == nil && count != 3 {
		return malformed("token header: want alg, typ and kid")
	}
	return err
}

func (t *RegistrationToken) readClaims(doc []byte) error {
	err := members("token claims", doc, func(name, value string) (err error) {
		switch name {
		case "sub", "jti", "model", "fw":
			s, ok := text(value)
			if !ok {
				return malformed(name + ": not a string")
			}
			return t.readText(name, s)
		case "exp":
			t.expires, err = readTime(name, value)
		case "nbf":
			t.notBefore, err = readTime(name, value)
		}
		return err // other claims are ignored
	})
	switch {
	case err != nil:
		return err
	case t.Serial == "":
		return malformed("sub: missing")
	case t.Nonce == "":
		return malformed("jti: missing")
	}
	return nil
}

func (t *RegistrationToken) readText(name, s string) (err error) {
	switch name {
	case "sub":
		t.Serial, err = ParseSerial(s)
	case "jti":
		if t.Nonce, err = ParseNonce(s); err != nil {
			err = malformed("jti: 22 to 43 letters, digits or - _")
		}
	case "model":
		t.Model = shown(s)
	case "fw":
		t.Firmware = shown(s)
	}
	return err
}

func readTime(name, value string) (float64, error) {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, malformed(name + ": not a number of seconds")
	}
	return max(seconds, 1), nil // 0 stands for absent
}

// shown makes a stranger's text fit to be shown to an owner.
func shown(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > shownLength {
			break
		}
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// CheckTime refuses, with a *FormError, a token that is over or has not begun.
// Devices without a clock send neither time.
func (t *RegistrationToken) CheckTime(now time.Time) error {
	seconds := float64(now.Unix())
	switch {
	case t.expires != 0 && seconds > t.expires+leeway:
		return malformed("exp: over; look at the device's clock")
	case t.notBefore != 0 && seconds < t.notBefore-leeway:
		return malformed("nbf: not yet; look at the device's clock")
	}
	return nil
}

// Verify reports whether the token was signed under kAuth, in a time that does
// not depend on the difference. An empty key signs nothing.
func (t *RegistrationToken) Verify(kAuth []byte) bool {
	return len(kAuth) > 0 && hmac.Equal(sign(kAuth, t.input), t.signature)
}

func sign(kAuth, input []byte) []byte {
	mac := hmac.New(sha256.New, kAuth)
	mac.Write(input)
	return mac.Sum(make([]byte, 0, sha256.Size))
}

// A Registration is what a device says at the proved door.
type Registration struct {
	First    string
	Serial   Serial
	Nonce    Nonce
	Model    string // optional
	Firmware string // optional
}

// Sign makes the request body: a compact JWT, HS256 under kAuth.
func (r Registration) Sign(kAuth []byte) []byte {
	header, _ := json.Marshal(struct { // strings always marshal
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Typ string `json:"typ"`
	}{"HS256", r.First, registrationType})
	claims, _ := json.Marshal(struct {
		Firmware string `json:"fw,omitempty"`
		Nonce    Nonce  `json:"jti"`
		Model    string `json:"model,omitempty"`
		Serial   Serial `json:"sub"`
	}{r.Firmware, r.Nonce, r.Model, r.Serial})

	token := strict.AppendEncode(nil, header)
	token = strict.AppendEncode(append(token, '.'), claims)
	mac := sign(kAuth, token)
	return strict.AppendEncode(append(token, '.'), mac)
}

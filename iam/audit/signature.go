package audit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/iam/fault"
)

// Signed is what the signature of an exported file vouches for, beside the
// file's own bytes. It is the protected header of a JWS (RFC 7515) whose
// detached payload is the file's SHA-256 in small hexadecimal letters.
type Signed struct {
	Alg    string   `json:"alg"` // ES256
	Typ    string   `json:"typ"`
	Kid    string   `json:"kid"`
	Tenant string   `json:"tenant"`
	Filter Filter   `json:"filter"`
	Format Format   `json:"format"`
	Lines  int64    `json:"lines"`
	UpTo   int64    `json:"up_to"` // the newest line of the chain when the export was asked for
	Head   string   `json:"head"`  // the chain's hash there
	By     string   `json:"by"`
	At     string   `json:"at"`
	Crit   []string `json:"crit,omitempty"`
}

const signedType = "halfkey-trail+jws"

// What a check of a file can say.
var (
	ErrSignature = fault.New(fault.Unprocessable, "export-signature", "The signature does not belong to this file, or is not ours.")
	ErrKeyFile   = fault.New(fault.Unprocessable, "export-key", "That is no public key of an installation.")
)

// exportKey is the installation's key for exports. It comes from the key of the
// seals, so it lies in the keyset file and nowhere else, and signatures stay
// good as long as somebody keeps the public half.
func (t *Trail) exportKey() (*ecdsa.PrivateKey, error) {
	for n := byte(0); ; n++ { // a number outside the curve's order is one in 2³²
		seed := t.sealer.sum(func(b []byte) []byte { return append(append(b, "export-key"...), n) })
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:]); err == nil || n == 255 {
			return key, err
		}
	}
}

// A PublicKey checks signatures on exports.
type PublicKey struct{ *ecdsa.PublicKey }

// ExportKey is the public half of the key that signs exports.
func (t *Trail) ExportKey() (PublicKey, error) {
	k, err := t.exportKey()
	if err != nil {
		return PublicKey{}, err
	}
	return PublicKey{&k.PublicKey}, nil
}

// JWK is the key as RFC 7517 has it, with its thumbprint (RFC 7638) as kid.
func (k PublicKey) JWK() map[string]string {
	j := k.bare()
	j["alg"], j["use"], j["kid"] = "ES256", "sig", k.ID()
	return j
}

func (k PublicKey) bare() map[string]string {
	p, err := k.Bytes() // 4, x, y
	if err != nil {
		return map[string]string{}
	}
	return map[string]string{"crv": "P-256", "kty": "EC", "x": b64(p[1:33]), "y": b64(p[33:])}
}

// ID is the thumbprint.
func (k PublicKey) ID() string {
	members, err := json.Marshal(k.bare()) // in the order that the thumbprint wants
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(members)
	return b64(sum[:])
}

// ParsePublicKey takes a key from a file: a JWK, or PEM.
func ParsePublicKey(text []byte) (PublicKey, error) {
	if block, _ := pem.Decode(text); block != nil {
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		if p, ok := k.(*ecdsa.PublicKey); err == nil && ok && p.Curve == elliptic.P256() {
			return PublicKey{p}, nil
		}
		return PublicKey{}, ErrKeyFile
	}
	var j struct{ Kty, Crv, X, Y string }
	if json.Unmarshal(text, &j) != nil || j.Kty != "EC" || j.Crv != "P-256" {
		return PublicKey{}, ErrKeyFile
	}
	x, err := base64.RawURLEncoding.DecodeString(j.X)
	y, also := base64.RawURLEncoding.DecodeString(j.Y)
	if err != nil || also != nil || len(x) != 32 || len(y) != 32 {
		return PublicKey{}, ErrKeyFile
	}
	p, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bytes.Join([][]byte{{4}, x, y}, nil))
	if err != nil {
		return PublicKey{}, ErrKeyFile
	}
	return PublicKey{p}, nil
}

// sign makes the detached signature: the header and the signature with nothing between.
func (t *Trail) sign(s Signed, sha string) (string, error) {
	key, err := t.exportKey()
	if err != nil {
		return "", err
	}
	s.Alg, s.Typ, s.Kid = "ES256", signedType, PublicKey{&key.PublicKey}.ID()
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	signature, err := jwt.SigningMethodES256.Sign(b64(text)+"."+b64([]byte(sha)), key)
	if err != nil {
		return "", fmt.Errorf("sign an export: %w", err)
	}
	return b64(text) + ".." + b64(signature), nil
}

// CheckSignature tells what a signature vouches for, given the SHA-256 of the
// file in hexadecimal; ErrSignature when it does not fit the file or the key.
func CheckSignature(key PublicKey, sha, signature string) (s Signed, err error) {
	parts := strings.Split(strings.TrimSpace(signature), ".")
	if len(parts) != 3 || parts[1] != "" {
		return s, ErrSignature
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil || json.Unmarshal(text, &s) != nil || s.Alg != "ES256" || s.Typ != signedType || len(s.Crit) > 0 {
		return Signed{}, ErrSignature
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || jwt.SigningMethodES256.Verify(parts[0]+"."+b64([]byte(strings.ToLower(sha))), raw, key.PublicKey) != nil {
		return Signed{}, ErrSignature
	}
	return s, nil
}

// StillThere tells whether our chain still has the line that the export ended at.
func (t *Trail) StillThere(s Signed) (bool, error) {
	if s.UpTo == 0 {
		return true, nil
	}
	var heads [][]byte
	err := t.db.Table("audit").Where("tenant_id = ? AND seq = ?", s.Tenant, s.UpTo).Pluck("mac", &heads).Error
	if err != nil {
		return false, errors.Join(errors.New("look for the export's last line"), err)
	}
	return len(heads) == 1 && fmt.Sprintf("%x", heads[0]) == s.Head, nil
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

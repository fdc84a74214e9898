// Package token makes and checks the JSON Web Tokens that this house issues:
// its signing keys, sealed at rest, their change with overlap, and their public
// halves as others want to read them. What a token allows is not known here.
package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// An Alg is how tokens are signed.
type Alg string

// ES256 is what the platform signs with; RS256 is for consumers that know nothing else.
const (
	ES256 Alg = "ES256"
	RS256 Alg = "RS256"
)

// ErrAlg says that we do not sign so.
var ErrAlg = fault.New(fault.Unprocessable, "token-alg", "Tokens are signed with ES256 or RS256.")

// ParseAlg takes what a form or a setting says.
func ParseAlg(s string) (Alg, error) {
	switch a := Alg(s); a {
	case ES256, RS256:
		return a, nil
	}
	return "", ErrAlg
}

// rsaBits is the size of a new RS256 key.
const rsaBits = 2048

func (a Alg) method() jwt.SigningMethod {
	if a == RS256 {
		return jwt.SigningMethodRS256
	}
	return jwt.SigningMethodES256
}

func (a Alg) generate() (crypto.Signer, error) {
	if a == RS256 {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// A Key signs tokens, or only checks them once it is retired.
type Key struct {
	ID      string
	Tenant  iam.OrgID // "": the platform's
	Alg     Alg
	Public  crypto.PublicKey
	Created time.Time
	Retired time.Time // zero while it signs

	private crypto.Signer // nil unless it signs
	header  string        // the encoded header of its tokens, with the dot after it
}

// parsePublic reads a public key as the table has it: DER, PKIX.
func parsePublic(alg Alg, der []byte) (crypto.PublicKey, error) {
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	switch k.(type) {
	case *ecdsa.PublicKey:
		if alg == ES256 {
			return k, nil
		}
	case *rsa.PublicKey:
		if alg == RS256 {
			return k, nil
		}
	}
	return nil, fmt.Errorf("a key of another kind than %s", alg)
}

func parsePrivate(der []byte) (crypto.Signer, error) {
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	s, ok := k.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that does not sign")
	}
	return s, nil
}

// A JWK is a public key as RFC 7517 has it.
type JWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv,omitempty"`
	Alg Alg    `json:"alg"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
}

// JWK is the key's public half.
func (k *Key) JWK() JWK {
	j := JWK{Alg: k.Alg, Use: "sig", Kid: k.ID}
	b64 := base64.RawURLEncoding.EncodeToString
	switch p := k.Public.(type) {
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 4, then x and y of 32 bytes each
		if err == nil {
			j.Kty, j.Crv, j.X, j.Y = "EC", "P-256", b64(point[1:33]), b64(point[33:])
		}
	case *rsa.PublicKey:
		j.Kty, j.N, j.E = "RSA", b64(p.N.Bytes()), b64(big.NewInt(int64(p.E)).Bytes())
	}
	return j
}

// PEM is the public half between BEGIN PUBLIC KEY and END PUBLIC KEY.
func (k *Key) PEM() string {
	der, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// Line is PEM without its line breaks: the industrial client puts its own where
// it wants them, and stumbles over any other.
func (k *Key) Line() string { return strings.ReplaceAll(k.PEM(), "\n", "") }

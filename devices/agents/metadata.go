package agents

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"halfkey/iam/fault"
)

// ErrMetadata is RFC 7591's invalid_client_metadata.
var ErrMetadata = fault.New(fault.Malformed, "agent-metadata", "The registration cannot be read.")

// The smallest and the largest modulus that an agent may bring, in bits.
const (
	modulusLeast = 3072
	modulusMost  = 8192
)

// metadata is the body of a registration.
type metadata struct {
	ClientID string `json:"client_id"`
	JWKS     *struct {
		Keys []jwk `json:"keys"`
	} `json:"jwks"`
}

// jwk is the public key that an agent made. Its kid is not looked at: the
// clients use one for all, and we know the key by its agent.
type jwk struct {
	Kty string `json:"kty"`
	N   string `json:"n"`
	E   string `json:"e"`
}

// parseMetadata reads the body of a registration. For RSA3072 it gives the
// public key as PKCS #1; for SharedSecret there is none.
func parseMetadata(profile Profile, body []byte) (m metadata, key []byte, err error) {
	if err := json.Unmarshal(body, &m); err != nil {
		return m, nil, ErrMetadata.At("body", "is not JSON of this form")
	}
	if profile == SharedSecret {
		return m, nil, nil
	}
	if m.JWKS == nil || len(m.JWKS.Keys) != 1 {
		return m, nil, ErrMetadata.At("jwks.keys", "has one key")
	}
	public, err := m.JWKS.Keys[0].public()
	if err != nil {
		return m, nil, err
	}
	return m, x509.MarshalPKCS1PublicKey(public), nil
}

// public measures the modulus as a number: the Node client sends a zero octet
// before it, which RFC 7518 forbids and which counts for nothing.
func (k jwk) public() (*rsa.PublicKey, error) {
	if k.Kty != "RSA" {
		return nil, ErrMetadata.At("jwks.keys[0].kty", "is RSA")
	}
	n, ok := number(k.N)
	if !ok || n.BitLen() < modulusLeast || n.BitLen() > modulusMost || n.Bit(0) == 0 {
		return nil, ErrMetadata.At("jwks.keys[0].n", "is an odd number of "+strconv.Itoa(modulusLeast)+" to "+strconv.Itoa(modulusMost)+" bits")
	}
	e, ok := number(k.E)
	if !ok || e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
		return nil, ErrMetadata.At("jwks.keys[0].e", "is an odd number from 3")
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func number(s string) (*big.Int, bool) {
	b, err := unpadded(s)
	return new(big.Int).SetBytes(b), err == nil && len(b) > 0 && len(b) <= modulusMost/8+1
}

// unpadded decodes base64url; the C client keeps the padding, others leave it out.
func unpadded(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// pepper is a key for hashing with one purpose, and hashers ready to use.
type pepper struct {
	key     []byte
	hashers sync.Pool
}

func (v *Vault) pepper(purpose string) *pepper {
	if p, ok := v.peppers.Load(purpose); ok {
		return p.(*pepper)
	}
	key, err := v.keys.Load().prf.ComputePrimaryPRF([]byte("pepper|"+purpose), 32)
	if err != nil {
		panic("vault: " + err.Error()) // HKDF gives 32 bytes of anything
	}
	p := &pepper{key: key}
	p.hashers.New = func() any { return hmac.New(sha256.New, key) }
	kept, _ := v.peppers.LoadOrStore(purpose, p)
	return kept.(*pepper)
}

// Pepper is a key of 32 bytes for one purpose. It comes from the keyset file
// and stays the same when that is rotated.
func (v *Vault) Pepper(purpose string) []byte { return append([]byte(nil), v.pepper(purpose).key...) }

// MAC is HMAC-SHA-256 of the parts under the purpose's pepper, 32 bytes. The
// parts cannot be shifted into one another: each has its length before it.
func (v *Vault) MAC(purpose string, parts ...[]byte) []byte {
	p := v.pepper(purpose)
	h := p.hashers.Get().(hash.Hash)
	defer p.hashers.Put(h)
	h.Reset()
	var n [4]byte
	for _, part := range parts {
		binary.BigEndian.PutUint32(n[:], uint32(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(make([]byte, 0, sha256.Size))
}

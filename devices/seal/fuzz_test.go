package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func cipherOf(t *testing.T, key string) cipher.Block {
	b, err := aes.NewCipher(unhex(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whatever opens must be what was sealed: nobody without the key makes another.
func FuzzOpen(f *testing.F) {
	v := readVectors(f)
	for _, a := range append(v.Answers, v.Broken...) {
		f.Add([]byte(a.Sealed))
	}
	want := v.Answers[0]
	k := Derive(want.First, want.Second).Seal
	f.Fuzz(func(t *testing.T, sealed []byte) {
		content, err := Open(k, want.header(), sealed)
		if err == nil && string(content) != want.Content {
			t.Fatalf("%s opened to %s", sealed, content)
		}
	})
}

func FuzzOpenPassword(f *testing.F) {
	v := readVectors(f)
	for _, a := range append(v.Answers, v.Broken...) {
		f.Add([]byte(a.Sealed))
	}
	want := v.Answers[1]
	f.Fuzz(func(t *testing.T, sealed []byte) {
		content, err := OpenPassword(want.Second, Iterations, want.header(), sealed)
		if err == nil && string(content) != want.Content {
			t.Fatalf("%s opened to %s", sealed, content)
		}
	})
}

// What we can take apart, go-jose can too.
func FuzzSplit(f *testing.F) {
	v := readVectors(f)
	for _, a := range append(v.Answers, v.Broken...) {
		f.Add([]byte(a.Sealed))
	}
	f.Fuzz(func(t *testing.T, sealed []byte) {
		p, err := split(sealed)
		if err != nil || !p.says(v.Answers[0].header(), algKey, encKey) {
			return
		}
		if _, err := jose.ParseEncryptedCompact(string(sealed), algorithms, encryptions); err != nil {
			t.Fatalf("%s: %v", sealed, err)
		}
	})
}

func BenchmarkDerive(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Derive(registrationKey.First, registrationKey.Second)
	}
}

func BenchmarkSeal(b *testing.B) {
	k := Derive(registrationKey.First, registrationKey.Second).Seal
	h := Header{Cty: JSON, Kid: registrationKey.First, Sub: exampleSerial, Nonce: exampleJTI}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(ForKey(k), h, []byte(exampleJSON)); err != nil {
			b.Fatal(err)
		}
	}
}

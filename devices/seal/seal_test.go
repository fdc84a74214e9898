package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

var algorithms = []jose.KeyAlgorithm{jose.A256KW, jose.PBES2_HS256_A128KW}
var encryptions = []jose.ContentEncryption{jose.A256GCM, jose.A128GCM}

// joseKey is what go-jose opens and seals an answer with.
func (a answer) joseKey() any {
	if a.Password {
		return []byte(a.Second)
	}
	k := Derive(a.First, a.Second).Seal
	return k[:]
}

func TestGoJoseOpensWhatWeSeal(t *testing.T) {
	for _, a := range readVectors(t).Answers {
		ours, err := Seal(a.recipient(t), a.header(), []byte(a.Content))
		if err != nil {
			t.Fatal(a.Name, err)
		}
		for _, sealed := range []string{a.Sealed, string(ours)} {
			j, err := jose.ParseEncryptedCompact(sealed, algorithms, encryptions)
			if err != nil {
				t.Fatal(a.Name, err)
			}
			if content, err := j.Decrypt(a.joseKey()); err != nil || string(content) != a.Content {
				t.Errorf("%s: %q, %v", a.Name, content, err)
			}
			if j.Header.ExtraHeaders["sub"] != a.Sub || j.Header.KeyID != a.Kid {
				t.Errorf("%s: %+v", a.Name, j.Header)
			}
		}
	}
}

func TestWeOpenWhatGoJoseSeals(t *testing.T) {
	for _, a := range readVectors(t).Answers {
		to := jose.Recipient{Algorithm: jose.A256KW, Key: a.joseKey(), KeyID: a.Kid}
		enc := jose.A256GCM
		if a.Password {
			to.Algorithm, enc, to.PBES2Count, to.PBES2Salt = jose.PBES2_HS256_A128KW, jose.A128GCM, Iterations, []byte("sixteen bytes ok")
		}
		opts := (&jose.EncrypterOptions{}).WithType(typ).WithContentType(jose.ContentType(a.Cty)).WithHeader("sub", a.Sub)
		if a.Nonce != "" {
			opts = opts.WithHeader("nonce", a.Nonce)
		}
		e, err := jose.NewEncrypter(enc, to, opts)
		if err != nil {
			t.Fatal(err)
		}
		j, err := e.Encrypt([]byte(a.Content))
		if err != nil {
			t.Fatal(err)
		}
		a.Sealed, err = j.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if content, err := a.open(); err != nil || string(content) != a.Content {
			t.Errorf("%s: %q, %v", a.Name, content, err)
		}
	}
}

func TestNoTwoSealingsAreAlike(t *testing.T) {
	r, h := ForKey(Derive("A", "B").Seal), Header{Cty: JSON, Kid: "A", Sub: "1"}
	seen := map[string]bool{}
	for range 100 {
		sealed, err := Seal(r, h, []byte("{}"))
		if err != nil || seen[string(sealed)] {
			t.Fatal(err)
		}
		seen[string(sealed)] = true
	}
}

func TestHeaderThatWouldNeedAnEscapeIsNotSealed(t *testing.T) {
	r := ForKey(Derive("A", "B").Seal)
	for _, h := range []Header{
		{Cty: JSON, Kid: `A","kid":"B`, Sub: "1"}, {Cty: JSON, Kid: "A", Sub: "\x00"}, {Cty: JSON, Kid: "A"},
		{Cty: "image/png", Kid: "A", Sub: "1"}, {Cty: JSON, Sub: "1"}, {Cty: JSON, Kid: "A", Sub: "1", Nonce: `\`},
	} {
		if sealed, err := Seal(r, h, nil); !errors.Is(err, ErrHeader) {
			t.Errorf("%+v: %s, %v", h, sealed, err)
		}
	}
}

func TestAnswerFitsTheSmallestDevice(t *testing.T) {
	r := ForKey(Derive("A", "B").Seal)
	for cty, limit := range map[string]int{JSON: 1536, Text: 768} {
		fits := 0
		for n := range 1600 {
			sealed, err := Seal(r, Header{Cty: cty, Kid: "A", Sub: "1"}, make([]byte, n))
			if err == nil {
				fits = len(sealed)
			} else if !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
		}
		if fits > limit || fits < limit-2 {
			t.Errorf("%s: up to %d bytes, want %d", cty, fits, limit)
		}
	}
}

func TestWeakPasswordSettingsAreRefused(t *testing.T) {
	for _, c := range []struct {
		second string
		salt   int
		p2c    int
	}{{"", 16, Iterations}, {"1JW0RF43", 8, Iterations}, {"1JW0RF43", 16, Iterations - 1}, {"1JW0RF43", 16, MaxIterations + 1}} {
		if _, err := ForPassword(c.second, make([]byte, c.salt), c.p2c); err == nil {
			t.Errorf("%+v", c)
		}
	}
}

// RFC 3394 sections 4.1 and 4.6.
func TestKeyWrapAgreesWithItsRFC(t *testing.T) {
	for _, c := range []struct{ kek, key, wrapped string }{
		{"000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
			"28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"},
	} {
		block := cipherOf(t, c.kek)
		if got := fmt.Sprintf("%X", appendWrapped(nil, block, unhex(t, c.key))); got != c.wrapped {
			t.Errorf("wrapped %s", got)
		}
		if key, ok := unwrap(block, unhex(t, c.wrapped)); !ok || !bytes.Equal(key, unhex(t, c.key)) {
			t.Errorf("unwrapped %X %v", key, ok)
		}
	}
}

func TestKeysPrintAsDots(t *testing.T) {
	k := Derive("A", "B")
	if said := fmt.Sprintf("%v %+v %#v %s", k, k, k, &k); strings.Trim(said, "• ") != "" {
		t.Error(said)
	}
}

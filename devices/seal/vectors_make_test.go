package seal

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// The protocol's own examples, from its section 9.
const (
	exampleSerial = "74743827342"
	exampleJTI    = "AAECAwQFBgcICQoLDA0ODw"
	deviceJTI     = "EBESExQVFhcYGRobHB0eHw"
	exampleJSON   = `{"device":{"kid":"7HQ2M4XKZ9TB3RWD.1","secret":"5ZK0XWQ8M3TN7R2VHB6CJ9PD4G"},"channel":{"provider":"embedded","id":"142770","write_key":"5WQ8ZK2M7T0XVJ3R","update_url":"http://halfkey.lan:8081/update"},"version":1,"next_check":86400,"now":1790000000}`
	exampleText   = "channel=142770\nwriteKey=5WQ8ZK2M7T0XVJ3R\n"

	exampleStandard = "eyJhbGciOiJBMjU2S1ciLCJjdHkiOiJhcHBsaWNhdGlvbi9qc29uIiwiZW5jIjoiQTI1NkdDTSIsImtpZCI6IlFLN00yWDlENFQiLCJub25jZSI6IkFBRUNBd1FGQmdjSUNRb0xEQTBPRHciLCJzdWIiOiI3NDc0MzgyNzM0MiIsInR5cCI6ImhhbGZrZXktY3JlZGVudGlhbHMrandlIn0" +
		".8cudUXaSHLKnGnxVYdnq01zPj3r7YubHvfWPBFm8InI4hKtAlZyoLA" +
		".l1t5V43bHbm7hOlq" +
		"._XlHrmT3bn0WBpyLLF5dNOrgbuIou9ei4Q4kxp2RQSHgBAcI5pASVlG2j59m_skMpFx34XJZRgxgAtYpyo4TY9InT3g6Na3d5Jzb-9lTbYnIk7k2jiy-bhC3i_nNgD9RUDUDwQYDOJ8POqqvgKqSvYZuWptuV66glXRgxyQOKA6yMhRIB0jP2L0RrCNqO5SCzi4EunrS-rMgE_nhW1Ntl09cxK9X0E0u_7bvKzeavQNGEt-rCgKBs8ki8eqV5YIQl0JH6_7u7tf7sXQVNlbYmJRVTEq_SYrMt3h7hkm1w1NwOcMzeiV6CpSTidkHmQ4bZyYaTvVXnxLlng" +
		".Gt5NaOwM5jvfhaF8JD938A"

	exampleClassic = "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJjdHkiOiJ0ZXh0L3BsYWluIiwiZW5jIjoiQTEyOEdDTSIsImtpZCI6IkhRNDgxMDQ3IiwicDJjIjoxMDAwMCwicDJzIjoidWFVRVJZbHVxbm5XN2VPQ2lmVGZwQSIsInN1YiI6Ijc0NzQzODI3MzQyIiwidHlwIjoiaGFsZmtleS1jcmVkZW50aWFscytqd2UifQ" +
		".MZT--JLhlyuMpe5lOxAVAn4ATxph-swT" +
		".rq-khXJAlpFFYKl-" +
		".1LUl8vJx01SoPYMCx2CoYDhCZhXzsySw4dXg_T_X8ZgZSPNCTuGBa2Q" +
		".qLo8zwPrOmhFyg7xYw-84g"
)

var (
	registrationKey = pair{Typed: "QK7M2X9D4T-8RWV3C5HJ-0TN6ZQ4MK-GX2BD7PAD", First: "QK7M2X9D4T", Second: "8RWV3C5HJ0TN6ZQ4MKGX2BD7PA", Check: "D",
		KAuth: "2b8bf4b85dfcf7406570fdbe03f6cb67b08f04a106566bf9db23682bf32830e0", KSeal: "534e834783f0fb6a356df0b5f1ad02bd54ef15cb6c10b91c78eef0060ac145fb"}
	devicePair = pair{First: "7HQ2M4XKZ9TB3RWD.1", Second: "5ZK0XWQ8M3TN7R2VHB6CJ9PD4G",
		KAuth: "18ba94e48ed0ece0dfc9649bd2eba782a716b34c57a1bf2eaee61e09de6aa238", KSeal: "bd08726be38ad7e74a3eb76157250279cdc7bb1f3305ec5fbffa28608a627aed"}
	classicPair = pair{Typed: "HQ481047-1JWORF43", First: "HQ481047", Second: "1JW0RF43"}
)

func makeVectors(t *testing.T) vectors {
	standard := answer{Name: "standard key, proved door", First: registrationKey.First, Second: registrationKey.Second,
		Kid: registrationKey.First, Sub: exampleSerial, Nonce: exampleJTI, Cty: JSON, Content: exampleJSON, Sealed: exampleStandard}
	classic := answer{Name: "classic key, simple door, no nonce", First: classicPair.First, Second: classicPair.Second, Password: true, MaxP2C: Iterations,
		Kid: classicPair.First, Sub: exampleSerial, Cty: Text, Content: exampleText, Sealed: exampleClassic}
	return vectors{
		About: "Halfkey protocol, version 1. keys: what is typed or handed out and what is derived from it. tokens: what a device sends. " +
			"answers: open with K_seal of the pair, or with the second half as password, expecting kid, sub, nonce and cty. " +
			"broken: each must be refused by a device that expects these values and stretches a password max_p2c times at most.",
		Keys: []pair{registrationKey, devicePair, classicPair},
		Tokens: []token{
			{"registration", registrationKey.First, registrationKey.Second,
				`{"alg":"HS256","kid":"QK7M2X9D4T","typ":"halfkey-registration+jwt"}`, `{"jti":"AAECAwQFBgcICQoLDA0ODw","sub":"74743827342"}`,
				"eyJhbGciOiJIUzI1NiIsImtpZCI6IlFLN00yWDlENFQiLCJ0eXAiOiJoYWxma2V5LXJlZ2lzdHJhdGlvbitqd3QifQ.eyJqdGkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3Iiwic3ViIjoiNzQ3NDM4MjczNDIifQ.cLZemSlEgP3f6SMNB0Qsdcttjt8CRK7jJ7WrZbzeq1c"},
			{"device", devicePair.First, devicePair.Second,
				`{"alg":"HS256","kid":"7HQ2M4XKZ9TB3RWD.1","typ":"halfkey-device+jwt"}`, `{"jti":"EBESExQVFhcYGRobHB0eHw","req":"GET /v1/devices/me/credentials"}`,
				"eyJhbGciOiJIUzI1NiIsImtpZCI6IjdIUTJNNFhLWjlUQjNSV0QuMSIsInR5cCI6ImhhbGZrZXktZGV2aWNlK2p3dCJ9.eyJqdGkiOiJFQkVTRXhRVkZoY1lHUm9iSEIwZUh3IiwicmVxIjoiR0VUIC92MS9kZXZpY2VzL21lL2NyZWRlbnRpYWxzIn0.U1Iyjm1u9NanilnpYfv54zxvWeSlGpV8aSmc7zUjZnM"},
		},
		Answers: []answer{standard, classic,
			sealedAgain(t, "boarded device", standard, func(a *answer) {
				a.First, a.Second, a.Kid, a.Nonce = devicePair.First, devicePair.Second, devicePair.First, deviceJTI
			}),
			sealedAgain(t, "standard key, simple door with nonce", standard, func(a *answer) { a.Cty, a.Content = Text, exampleText }),
			sealedAgain(t, "classic key, simple door with nonce", classic, func(a *answer) { a.Nonce = exampleJTI }),
		},
		Broken: broken(t, standard, classic),
	}
}

// sealedAgain is a changed answer, properly sealed.
func sealedAgain(t *testing.T, name string, a answer, change func(*answer)) answer {
	t.Helper()
	r := a.recipient(t)
	a.Name = name
	if change(&a); !a.Password {
		r = ForKey(Derive(a.First, a.Second).Seal)
	}
	sealed, err := sealFrom(fixed(name), r, a.header(), []byte(a.Content))
	if err != nil {
		t.Fatal(err)
	}
	a.Sealed = string(sealed)
	return a
}

func fixed(name string) *bytes.Reader {
	return bytes.NewReader(bytes.Repeat([]byte(name+"; no secret. "), 8))
}

// broken are answers that a device must not take. Most are sealed properly, so
// that only the check they are about can catch them.
func broken(t *testing.T, standard, classic answer) (all []answer) {
	refuse := func(name string, a answer, change func(*answer)) {
		a.Name, a.Content = name, ""
		change(&a)
		all = append(all, a)
	}
	refuse("wrong nonce", standard, func(a *answer) { a.Nonce = deviceJTI })
	refuse("nonce absent", standard, func(a *answer) {
		a.Sealed = sealedAgain(t, "absent", standard, func(s *answer) { s.Nonce = "" }).Sealed
	})
	refuse("nonce not asked for", standard, func(a *answer) { a.Nonce = "" })
	refuse("wrong serial", standard, func(a *answer) { a.Sub = "74743827343" })
	refuse("wrong kid", standard, func(a *answer) { a.Kid = devicePair.First })
	refuse("wrong half", standard, func(a *answer) { a.Second = "8RWV3C5HJ0TN6ZQ4MKGX2BD7PB" })
	refuse("wrong half, classic", classic, func(a *answer) { a.Second = "1JW0RF44" })
	refuse("second half not normalised", standard, func(a *answer) { a.Second = strings.ToLower(a.Second) })
	refuse("second half not normalised, classic", classic, func(a *answer) { a.Second = "1JWORF43" })
	refuse("other cty", standard, func(a *answer) { a.Cty = Text })

	parts := strings.Split(exampleStandard, ".")
	for i, part := range []string{"header", "wrapped key", "IV", "ciphertext", "tag"} {
		refuse("a flipped bit in the "+part, standard, func(a *answer) {
			raw, _ := decode([]byte(parts[i]))
			raw[len(raw)/2] ^= 1
			a.Sealed = replaced(parts, i, encode(raw))
		})
	}
	tag, _ := decode([]byte(parts[4]))
	refuse("tag cut to 4 bytes", standard, func(a *answer) { a.Sealed = replaced(parts, 4, encode(tag[:4])) })
	refuse("tag missing", standard, func(a *answer) { a.Sealed = replaced(parts, 4, "") })
	refuse("four parts", standard, func(a *answer) { a.Sealed = strings.Join(parts[:4], ".") })
	refuse("padding", standard, func(a *answer) { a.Sealed = replaced(parts, 4, parts[4]+"==") })
	refuse("unused bits set", standard, func(a *answer) { a.Sealed = replaced(parts, 4, parts[4][:21]+"B") })

	key := Derive(standard.First, standard.Second)
	kek := ForKey(key.Seal)
	header := string(kek.appendHeader(nil, standard.header()))
	forge := func(name, header string, wrap cipher.Block, keySize int) {
		refuse(name, standard, func(a *answer) { a.Sealed = forged(t, name, header, wrap, keySize, []byte(exampleJSON)) })
	}
	forge("K_auth for K_seal", header, ForKey(key.Auth).wrap, 32)
	forge("enc swapped to A128GCM", strings.Replace(header, "A256GCM", "A128GCM", 1), kek.wrap, 16)
	weak, _ := aes.NewCipher(key.Seal[:16])
	forge("alg swapped to A128KW", strings.Replace(header, "A256KW", "A128KW", 1), weak, 32)
	salt, _ := decode([]byte("uaUERYluqnnW7eOCifTfpA"))
	password, err := stretch(standard.Second, salt, Iterations)
	if err != nil {
		t.Fatal(err)
	}
	forge("alg swapped to PBES2", strings.Replace(header, `"alg":"A256KW"`, `"alg":"PBES2-HS256+A128KW","p2c":10000,"p2s":"uaUERYluqnnW7eOCifTfpA"`, 1), password, 32)
	forge("crit added", strings.Replace(header, `,"cty"`, `,"crit":["exp"],"cty"`, 1), kek.wrap, 32)
	forge("a member besides ours", strings.Replace(header, `,"cty"`, `,"apu":"x","cty"`, 1), kek.wrap, 32)
	forge("a member twice", strings.Replace(header, `"kid"`, `"kid":"OTHER","kid"`, 1), kek.wrap, 32)
	forge("other typ", strings.Replace(header, typ, "JWE", 1), kek.wrap, 32)
	refuse("dir", standard, func(a *answer) {
		a.Sealed = direct(t, strings.Replace(header, "A256KW", "dir", 1), key.Seal[:], []byte(exampleJSON))
	})
	refuse("compressed", standard, func(a *answer) {
		zipped := strings.Replace(header, "}", `,"zip":"DEF"}`, 1)
		a.Sealed = forged(t, "zip", zipped, kek.wrap, 32, deflated([]byte(exampleJSON)))
	})
	stretched := func(name string, p2c int) {
		refuse(name, classic, func(a *answer) {
			block, err := stretch(classic.Second, salt, p2c)
			if err != nil {
				t.Fatal(err)
			}
			r := Recipient{alg: algPassword, enc: encPassword, p2c: p2c, p2s: encode(salt)}
			a.Sealed = forged(t, name, string(r.appendHeader(nil, classic.header())), block, 16, []byte(exampleText))
		})
	}
	stretched("p2c too small", 1)
	stretched("p2c above the device's limit", Iterations+1)
	return all
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func replaced(parts []string, i int, with string) string {
	changed := append([]string(nil), parts...)
	changed[i] = with
	return strings.Join(changed, ".")
}

func forged(t *testing.T, name, header string, wrap cipher.Block, keySize int, content []byte) string {
	drawn := make([]byte, keySize+ivSize)
	fixed(name).Read(drawn)
	sealed, err := encrypt(wrap, []byte(header), drawn[:keySize], drawn[keySize:], content)
	if err != nil {
		t.Fatal(err)
	}
	return string(sealed)
}

func direct(t *testing.T, header string, key, content []byte) string {
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, ivSize)
	head := encode([]byte(header))
	box := gcm.Seal(nil, iv, content, []byte(head))
	return fmt.Sprintf("%s..%s.%s.%s", head, encode(iv), encode(box[:len(content)]), encode(box[len(content):]))
}

func deflated(content []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

func cutLast(token string) (before, after string, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return token, "", false
	}
	return token[:i], token[i+1:], true
}

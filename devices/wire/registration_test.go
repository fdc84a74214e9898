package wire_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"halfkey/devices/wire"
)

// The protocol's own example.
const (
	serial  = wire.Serial("74743827342")
	example = "eyJhbGciOiJIUzI1NiIsImtpZCI6IlFLN00yWDlENFQiLCJ0eXAiOiJoYWxma2V5LXJlZ2lzdHJhdGlvbitqd3QifQ" +
		".eyJqdGkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3Iiwic3ViIjoiNzQ3NDM4MjczNDIifQ" +
		".cLZemSlEgP3f6SMNB0Qsdcttjt8CRK7jJ7WrZbzeq1c"
)

var kAuth, _ = hex.DecodeString("2b8bf4b85dfcf7406570fdbe03f6cb67b08f04a106566bf9db23682bf32830e0")

func TestExampleTokenIsMadeAndBelieved(t *testing.T) {
	r := wire.Registration{First: "QK7M2X9D4T", Serial: serial, Nonce: "AAECAwQFBgcICQoLDA0ODw"}
	if made := string(r.Sign(kAuth)); made != example {
		t.Errorf("made %s", made)
	}
	tok, err := wire.ParseRegistration([]byte(" \t"+example+"\r\n"), serial)
	if err != nil || tok.First != r.First || tok.Serial != serial || tok.Nonce != r.Nonce || !tok.Verify(kAuth) {
		t.Fatalf("%+v, %v", tok, err)
	}
	if err := tok.CheckTime(time.Unix(0, 0)); err != nil {
		t.Errorf("a token without times: %v", err)
	}
}

func TestWrongProofIsNotBelieved(t *testing.T) {
	tok, err := wire.ParseRegistration([]byte(example), serial)
	if err != nil {
		t.Fatal(err)
	}
	other := append([]byte(nil), kAuth...)
	other[31] ^= 1
	for _, key := range [][]byte{nil, {}, other, kAuth[:31]} {
		if tok.Verify(key) {
			t.Errorf("believed under %x", key)
		}
	}
	empty := wire.Registration{First: "QK7M2X9D4T", Serial: serial, Nonce: "AAECAwQFBgcICQoLDA0ODw"}.Sign(nil)
	if tok, err := wire.ParseRegistration(empty, serial); err != nil || tok.Verify(nil) {
		t.Errorf("a token signed with nothing: %v", err)
	}
}

const (
	goodHeader = `{"alg":"HS256","kid":"QK7M2X9D4T","typ":"halfkey-registration+jwt"}`
	goodClaims = `{"jti":"AAECAwQFBgcICQoLDA0ODw","sub":"74743827342"}`
)

var goodMAC = strings.Repeat("A", 43)

func compact(header, claims string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(claims)) + "." + goodMAC
}

func with(claims string) string {
	return compact(goodHeader, goodClaims[:len(goodClaims)-1]+","+claims+"}")
}

func TestFormIsJudgedStrictly(t *testing.T) {
	h := strings.Split(compact(goodHeader, goodClaims), ".")
	for name, token := range map[string]string{
		"empty":               "",
		"two parts":           h[0] + "." + h[1],
		"four parts":          strings.Join(h, ".") + ".AAAA",
		"padding":             h[0] + "==." + h[1] + "." + h[2],
		"line break":          h[0][:8] + "\n" + h[0][8:] + "." + h[1] + "." + h[2],
		"break before dot":    h[0] + "\n." + h[1] + "." + h[2],
		"unused bits":         h[0] + "." + h[1] + "." + goodMAC[:42] + "B",
		"short signature":     h[0] + "." + h[1] + "." + goodMAC[:22],
		"no signature":        h[0] + "." + h[1] + ".",
		"header no JSON":      compact(`{"alg":`, goodClaims),
		"header an array":     compact(`["HS256"]`, goodClaims),
		"header empty":        compact(``, goodClaims),
		"alg none":            compact(strings.Replace(goodHeader, "HS256", "none", 1), goodClaims),
		"other typ":           compact(strings.Replace(goodHeader, "halfkey-registration+jwt", "JWT", 1), goodClaims),
		"crit":                compact(strings.Replace(goodHeader, "{", `{"crit":["exp"],`, 1), goodClaims),
		"no kid":              compact(`{"alg":"HS256","typ":"halfkey-registration+jwt"}`, goodClaims),
		"classic kid":         compact(strings.Replace(goodHeader, "QK7M2X9D4T", "HQ481047", 1), goodClaims),
		"kid lower case":      compact(strings.Replace(goodHeader, "QK7M2X9D4T", "qk7m2x9d4t", 1), goodClaims),
		"kid twice":           compact(strings.Replace(goodHeader, "{", `{"kid":"QK7M2X9D4T",`, 1), goodClaims),
		"kid twice, escaped":  compact(strings.Replace(goodHeader, "{", `{"\u006bid":"QK7M2X9D4T",`, 1), goodClaims),
		"kid a number":        compact(strings.Replace(goodHeader, `"QK7M2X9D4T"`, "1234567890", 1), goodClaims),
		"claims no JSON":      compact(goodHeader, goodClaims+"x"),
		"not UTF-8":           with("\"model\":\"\xff\""),
		"no sub":              compact(goodHeader, `{"jti":"AAECAwQFBgcICQoLDA0ODw"}`),
		"no jti":              compact(goodHeader, `{"sub":"74743827342"}`),
		"short jti":           compact(goodHeader, `{"jti":"AAECAwQFBgcICQoLDA0OD","sub":"74743827342"}`),
		"other serial":        compact(goodHeader, strings.Replace(goodClaims, "74743827342", "74743827343", 1)),
		"sub twice":           with(`"sub":"74743827342"`),
		"exp a string":        with(`"exp":"1790000000"`),
		"nbf null":            with(`"nbf":null`),
		"exp beyond counting": with(`"exp":1e999`),
		"model a number":      with(`"model":7`),
	} {
		t.Run(name, func(t *testing.T) {
			var form *wire.FormError
			if tok, err := wire.ParseRegistration([]byte(token), serial); !errors.As(err, &form) {
				t.Errorf("got %+v, %v", tok, err)
			}
		})
	}
}

func TestWhatElseATokenMayCarry(t *testing.T) {
	for name, token := range map[string]string{
		"order":          compact(`{"typ":"halfkey-registration+jwt", "kid":"QK7M2X9D4T", "alg":"HS256"}`, goodClaims),
		"unknown claims": with(`"iat":1,"aud":["x"],"iss":"me","epk":{"x":{"}":"\"]"},"y":[1,{"sub":"z"}]},"n":-1.5e3,"t":true`),
	} {
		if _, err := wire.ParseRegistration([]byte(token), serial); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	tok, err := wire.ParseRegistration([]byte(with(`"model":"`+strings.Repeat("ž", 70)+`","fw":"1.2\u0000\u202e<b>"`)), serial)
	if err != nil || tok.Model != strings.Repeat("ž", 64) || tok.Firmware != "1.2\ufffd\ufffd<b>" {
		t.Errorf("%q %q %v", tok.Model, tok.Firmware, err)
	}
}

func TestClockMayBeFiveMinutesOff(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	for claims, good := range map[string]bool{
		`"exp":1789999700`:               true,
		`"exp":1789999699`:               false,
		`"nbf":1790000300`:               true,
		`"nbf":1790000301.5`:             false,
		`"exp":0`:                        false,
		`"nbf":1789999000,"exp":1.8e9`:   true,
		`"exp":-5,"nbf":99999999999999`:  false,
		`"iat":99999999999,"exp":1.79e9`: true,
	} {
		tok, err := wire.ParseRegistration([]byte(with(claims)), serial)
		if err != nil {
			t.Fatal(claims, err)
		}
		if err := tok.CheckTime(now); (err == nil) != good {
			t.Errorf("%s: %v", claims, err)
		}
	}
}

func TestAnyJWTLibraryCanBeADevice(t *testing.T) {
	j := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": string(serial), "jti": string(wire.NewNonce()), "exp": time.Now().Add(time.Minute).Unix()})
	j.Header["typ"], j.Header["kid"] = "halfkey-registration+jwt", "QK7M2X9D4T"
	body, err := j.SignedString(kAuth)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := wire.ParseRegistration([]byte(body), serial)
	if err != nil || !tok.Verify(kAuth) || tok.CheckTime(time.Now()) != nil {
		t.Fatalf("%+v, %v", tok, err)
	}
}

func FuzzParseRegistration(f *testing.F) {
	f.Add([]byte(example), string(serial))
	f.Add([]byte(with(`"epk":{"a":[1,"}"]},"model":"x\ty"`)), string(serial))
	f.Add([]byte(compact(`{"alg":"HS256"`, `{}`)), "")
	f.Add([]byte(compact(goodHeader, `[1]`)), "1")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		tok, err := wire.ParseRegistration(body, wire.Serial(path))
		var form *wire.FormError
		if err != nil {
			if !errors.As(err, &form) {
				t.Fatalf("no word on the form: %v", err)
			}
			return
		}
		tok.Verify(kAuth)
		again := wire.Registration{First: tok.First, Serial: tok.Serial, Nonce: tok.Nonce, Model: tok.Model, Firmware: tok.Firmware}
		if tok2, err := wire.ParseRegistration(again.Sign(kAuth), tok.Serial); err != nil || !tok2.Verify(kAuth) || tok2.Model != tok.Model {
			t.Fatalf("%+v does not come back: %v", again, err)
		}
		// What we accept, a JWT library reads the same way.
		claims := jwt.MapClaims{}
		if j, _, err := jwt.NewParser().ParseUnverified(strings.Trim(string(body), " \t\r\n"), claims); err != nil || j.Header["kid"] != tok.First || claims["sub"] != path || claims["jti"] != string(tok.Nonce) {
			t.Fatalf("golang-jwt reads %v %v, %v", j.Header, claims, err)
		}
	})
}

func BenchmarkParseAndVerify(b *testing.B) {
	body := wire.Registration{First: "QK7M2X9D4T", Serial: serial, Nonce: wire.NewNonce(), Model: "thermometer", Firmware: "1.0"}.Sign(kAuth)
	b.ReportAllocs()
	for b.Loop() {
		tok, err := wire.ParseRegistration(body, serial)
		if err != nil || !tok.Verify(kAuth) {
			b.Fatal(err)
		}
	}
}

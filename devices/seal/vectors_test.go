package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const vectorsFile = "testdata/vectors.json"

var update = flag.Bool("update", false, "write "+vectorsFile+" anew")

// vectors are what every implementation of the protocol is held against.
type vectors struct {
	About   string   `json:"about"`
	Keys    []pair   `json:"keys"`
	Tokens  []token  `json:"tokens"`
	Answers []answer `json:"answers"`
	Broken  []answer `json:"broken"`
}

// A pair is typed (a registration key) or handed out (a device's own).
type pair struct {
	Typed  string `json:"typed,omitempty"`
	First  string `json:"first"`
	Second string `json:"second"`
	Check  string `json:"check,omitempty"`
	KAuth  string `json:"k_auth,omitempty"`
	KSeal  string `json:"k_seal,omitempty"`
}

type token struct {
	Name   string `json:"name"`
	First  string `json:"first"`
	Second string `json:"second"`
	Header string `json:"header"`
	Claims string `json:"claims"`
	Token  string `json:"token"`
}

// An answer is opened with K_seal of its pair, or with the second half as
// password, expecting exactly the header's four values.
type answer struct {
	Name     string `json:"name"`
	First    string `json:"first"`
	Second   string `json:"second"`
	Password bool   `json:"password"`
	MaxP2C   int    `json:"max_p2c,omitempty"`
	Kid      string `json:"kid"`
	Sub      string `json:"sub"`
	Nonce    string `json:"nonce,omitempty"`
	Cty      string `json:"cty"`
	Content  string `json:"content,omitempty"`
	Sealed   string `json:"sealed"`
}

func (a answer) header() Header { return Header{Cty: a.Cty, Kid: a.Kid, Sub: a.Sub, Nonce: a.Nonce} }

func (a answer) open() ([]byte, error) {
	if a.Password {
		return OpenPassword(a.Second, a.MaxP2C, a.header(), []byte(a.Sealed))
	}
	return Open(Derive(a.First, a.Second).Seal, a.header(), []byte(a.Sealed))
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	doc, err := os.ReadFile(vectorsFile)
	if err == nil {
		err = json.Unmarshal(doc, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectorsAreTheOnesWeMake(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(makeVectors(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorsFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, _ := os.ReadFile(vectorsFile); !bytes.Equal(kept, b.Bytes()) {
		t.Fatal("testdata/vectors.json differs; go test -update writes it")
	}
}

func TestKeysDeriveAsTheProtocolShows(t *testing.T) {
	for _, p := range readVectors(t).Keys {
		k := Derive(p.First, p.Second)
		if p.KAuth != "" && (hex.EncodeToString(k.Auth[:]) != p.KAuth || hex.EncodeToString(k.Seal[:]) != p.KSeal) {
			t.Errorf("%s: %x %x", p.First, k.Auth, k.Seal)
		}
	}
}

func TestTokensAreSignedUnderKAuth(t *testing.T) {
	for _, tok := range readVectors(t).Tokens {
		k := Derive(tok.First, tok.Second)
		input, mac, _ := cutLast(tok.Token)
		h := hmac.New(sha256.New, k.Auth[:])
		h.Write([]byte(input))
		if got, ok := decode([]byte(mac)); !ok || !hmac.Equal(got, h.Sum(nil)) {
			t.Error(tok.Name)
		}
		for i, part := range []string{tok.Header, tok.Claims} {
			if got, _ := decode([]byte(strings.Split(tok.Token, ".")[i])); string(got) != part {
				t.Errorf("%s: %s", tok.Name, got)
			}
		}
	}
}

func TestEveryAnswerOpens(t *testing.T) {
	for _, a := range readVectors(t).Answers {
		if content, err := a.open(); err != nil || string(content) != a.Content {
			t.Errorf("%s: %s, %v", a.Name, content, err)
		}
	}
}

// A device that took one of these would store what nobody meant for it.
func TestEveryBrokenAnswerIsRefused(t *testing.T) {
	for _, a := range readVectors(t).Broken {
		if content, err := a.open(); err == nil {
			t.Errorf("%s opened to %s", a.Name, content)
		}
	}
}

func TestSameRandomnessSealsToTheSameBytes(t *testing.T) {
	for _, a := range readVectors(t).Answers {
		r := a.recipient(t)
		p, err := split([]byte(a.Sealed))
		if err != nil {
			t.Fatal(a.Name)
		}
		key, ok := unwrap(r.wrap, p.wrapped)
		if !ok {
			t.Fatal(a.Name)
		}
		sealed, err := sealFrom(bytes.NewReader(append(key, p.iv...)), r, a.header(), []byte(a.Content))
		if err != nil || string(sealed) != a.Sealed {
			t.Errorf("%s: %s, %v", a.Name, sealed, err)
		}
	}
}

// recipient is the server's view of who can open the answer.
func (a answer) recipient(t testing.TB) Recipient {
	t.Helper()
	if !a.Password {
		return ForKey(Derive(a.First, a.Second).Seal)
	}
	p, err := split([]byte(a.Sealed))
	if err != nil {
		t.Fatal(err)
	}
	salt, _ := decode([]byte(p.header["p2s"].(string)))
	r, err := ForPassword(a.Second, salt, Iterations)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// An independent library and the standard library of another language come to
// the same results.
func TestPythonReadsTheVectorsAlike(t *testing.T) {
	python := "/usr/bin/python3" // Debian's, which sees Debian's packages
	if err := exec.Command(python, "-c", "import jwcrypto").Run(); err != nil {
		t.Fatalf("this test needs Debian's jwcrypto: apt-get install python3-jwcrypto (%v)", err)
	}
	out, err := exec.Command(python, "testdata/check_vectors.py", vectorsFile).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

package iam_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"halfkey/iam"
	"halfkey/migrations/dbtest"
)

// authenticator is one that says whatever it is told to: no browser lets a page
// answer so, but whoever wants in needs no browser.
type authenticator struct {
	key    *ecdsa.PrivateKey
	id     []byte
	owner  string
	origin string
	domain string
	kind   string // of what was asked: "webauthn.get" or "webauthn.create"; "" for what fits
	cross  bool   // inside another site's frame
	flags  byte   // 1: its owner was there; 4: it looked at him
}

const honest = 1 | 4

func newAuthenticator(t *testing.T) authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return authenticator{key: key, id: []byte("a credential of Homer's"), origin: "https://halfkey.example.net", domain: "halfkey.example.net", flags: honest}
}

func (a authenticator) collected(t *testing.T, q iam.Question, kind string) []byte {
	t.Helper()
	var o struct{ Challenge string }
	if err := json.Unmarshal(q.Options, &o); err != nil || o.Challenge == "" {
		t.Fatalf("%s %v", q.Options, err)
	}
	if a.kind != "" {
		kind = a.kind
	}
	doc, err := json.Marshal(map[string]any{"type": kind, "challenge": o.Challenge, "origin": a.origin, "crossOrigin": a.cross})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func (a authenticator) head(flags byte) []byte {
	domain := sha256.Sum256([]byte(a.domain))
	return append(append(domain[:], a.flags|flags), 0, 0, 0, 0)
}

func (a authenticator) reply(t *testing.T, q iam.Question, response map[string]string) iam.Reply {
	t.Helper()
	id := base64.RawURLEncoding.EncodeToString(a.id)
	doc, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response})
	if err != nil {
		t.Fatal(err)
	}
	return iam.Reply{Ticket: q.Ticket, Answer: string(doc)}
}

// makes answers a question for a new passkey.
func (a authenticator) makes(t *testing.T, q iam.Question) iam.Reply {
	t.Helper()
	point, err := a.key.PublicKey.Bytes() // 4, then both coordinates
	if err != nil {
		t.Fatal(err)
	}
	public, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{PublicKeyData: webauthncose.PublicKeyData{KeyType: 2, Algorithm: -7}, Curve: 1, XCoord: point[1:33], YCoord: point[33:]})
	if err != nil {
		t.Fatal(err)
	}
	data := append(a.head(64), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	doc, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": append(data, public...)})
	if err != nil {
		t.Fatal(err)
	}
	return a.reply(t, q, map[string]string{"clientDataJSON": base64.RawURLEncoding.EncodeToString(a.collected(t, q, "webauthn.create")),
		"attestationObject": base64.RawURLEncoding.EncodeToString(doc)})
}

// opens answers a question for a passkey that is there.
func (a authenticator) opens(t *testing.T, q iam.Question) iam.Reply {
	t.Helper()
	data, collected := a.head(0), a.collected(t, q, "webauthn.get")
	sum := sha256.Sum256(collected)
	signed := sha256.Sum256(append(data, sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	return a.reply(t, q, map[string]string{"clientDataJSON": base64.RawURLEncoding.EncodeToString(collected), "authenticatorData": base64.RawURLEncoding.EncodeToString(data),
		"signature": base64.RawURLEncoding.EncodeToString(signature), "userHandle": base64.RawURLEncoding.EncodeToString([]byte(a.owner))})
}

// forged is what may be wrong with an answer that is right otherwise.
var forged = map[string]func(a *authenticator){
	"another site":                     func(a *authenticator) { a.origin = "https://evil.example" },
	"a site below ours":                func(a *authenticator) { a.origin = "https://evil.halfkey.example.net" },
	"our name without HTTPS":           func(a *authenticator) { a.origin = "http://halfkey.example.net" },
	"our name at another port":         func(a *authenticator) { a.origin = "https://halfkey.example.net:8443" },
	"a passkey of another domain":      func(a *authenticator) { a.domain = "evil.example" },
	"a passkey of the domain above":    func(a *authenticator) { a.domain = "example.net" },
	"our page in another site's frame": func(a *authenticator) { a.cross = true },
	"an owner whom nobody looked at":   func(a *authenticator) { a.flags = 1 },
	"an owner who was not there":       func(a *authenticator) { a.flags = 4 },
	"an answer to the other question":  func(a *authenticator) { a.kind = "payment.get" },
}

func TestAPasskeyIsMadeAndUsedAtThisSiteAlone(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	me, err := h.Find(t.Context(), h.signIn())
	if err != nil {
		t.Fatal(err)
	}
	device := newAuthenticator(t)
	device.owner = string(me.User)
	at := visit(homersNetwork)
	made := func(a authenticator) (iam.NewPasskey, error) {
		t.Helper()
		q, err := h.AskToMake(t.Context(), at, me.User, string(me.Email), me.Name)
		if err != nil {
			t.Fatal(err)
		}
		return h.Made(t.Context(), at, a.makes(t, q), "Phone")
	}
	opened := func(a authenticator) error {
		t.Helper()
		q, err := h.AskToUse(at)
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := h.SignInWithPasskey(t.Context(), at, a.opens(t, q))
		if err == nil && s.User != me.User {
			t.Errorf("somebody else is signed in: %+v", s)
		}
		return err
	}
	for what, wrong := range forged {
		a := device
		wrong(&a)
		if _, err := made(a); !errors.Is(err, iam.ErrPasskeyWrong) {
			t.Errorf("%s made a passkey", what)
		}
	}
	passkey, err := made(device)
	if err != nil {
		t.Fatal(err)
	}
	own := iam.Credentials{Sessions: h.Sessions}
	marge := passkey
	if marge.User = iam.UserID(iam.NewID()); !errors.Is(own.AddPasskey(t.Context(), me, marge), iam.ErrPasskeyWrong) {
		t.Error("Homer keeps a passkey that was made for Marge")
	}
	if err := own.AddPasskey(t.Context(), me, passkey); err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(forged)
	all["somebody else's passkey"] = func(a *authenticator) { a.owner = iam.NewID() }
	all["another key"] = func(a *authenticator) { a.key = newAuthenticator(t).key }
	for what, wrong := range all {
		a := device
		if wrong(&a); !errors.Is(opened(a), iam.ErrPasskeyWrong) {
			t.Errorf("%s opened the door", what)
		}
	}
	if err := opened(device); err != nil {
		t.Errorf("the true one is refused: %v", err)
	}
	for i := 0; i < 60 && !errors.Is(err, iam.ErrResting); i++ {
		a := device
		a.origin = "https://evil.example"
		err = opened(a)
	}
	if !errors.Is(err, iam.ErrResting) {
		t.Errorf("a network that guesses never rests: %v", err)
	}
}

func TestAnothersPasskeyProvesNothing(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	marge := newAuthenticator(t)
	q, err := h.AskToMake(t.Context(), visit(homersNetwork), "", "marge@simps.net", "Marge")
	if err != nil {
		t.Fatal(err)
	}
	passkey, err := h.Made(t.Context(), visit(homersNetwork), marge.makes(t, q), "Phone")
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.Users.Create(h.db, iam.NewUser{Email: "marge@simps.net", Name: "Marge", Home: h.homer.Home, Passkey: &passkey})
	if err != nil {
		t.Fatal(err)
	}
	marge.owner = string(id)
	if q, err = h.AskToUse(visit(homersNetwork)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Verify(t.Context(), h.signIn(), iam.Proof{Passkey: marge.opens(t, q)}, visit(homersNetwork)); !errors.Is(err, iam.ErrPasskeyWrong) {
		t.Errorf("Marge's passkey proves that it is Homer: %v", err)
	}
}

package iam

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"halfkey/iam/vault"
	"halfkey/migrations/dbtest"
)

func ticketOffice(t testing.TB) *Sessions {
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	if err != nil {
		t.Fatal(err)
	}
	return &Sessions{SessionParts: SessionParts{Vault: v, Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}}
}

func TestATicketIsForOnePurposeAndOneBrowserAndAShortWhile(t *testing.T) {
	s := ticketOffice(t)
	s.DB = dbtest.SQLite(t).Gorm
	text, err := s.issue(toGiveCode, "homer", "what it holds", "a cookie")
	if err != nil {
		t.Fatal(err)
	}
	var data string
	tk, err := s.redeem(text, toGiveCode, "a cookie", &data)
	if err != nil || tk.User != "homer" || data != "what it holds" {
		t.Fatalf("%+v %q %v", tk, data, err)
	}
	for what, err := range map[string]error{
		"for something else": second(s.redeem(text, toUsePasskey, "a cookie", &data)),
		"another browser":    second(s.redeem(text, toGiveCode, "another", &data)),
		"no browser":         second(s.redeem(text, toGiveCode, "", &data)),
		"changed":            second(s.redeem(strings.Replace(text, text[:1], "f", 1), toGiveCode, "a cookie", &data)),
	} {
		if !errors.Is(err, ErrTicket) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.spend(t.Context(), text, tk); err != nil {
		t.Fatal(err)
	}
	if err := s.spend(t.Context(), text, tk); !errors.Is(err, ErrTicket) {
		t.Errorf("spent twice: %v", err)
	}
	s.Now = func() time.Time { return time.Unix(1_700_000_000, 0).Add(ticketLife) }
	if _, err := s.redeem(text, toGiveCode, "a cookie", &data); !errors.Is(err, ErrTicket) {
		t.Errorf("too late: %v", err)
	}
}

func second(_ ticket, err error) error { return err }

func FuzzParseTicket(f *testing.F) {
	s := ticketOffice(f)
	good, _ := s.issue(toGiveCode, "homer", nil, "a cookie")
	for _, text := range []string{good, "", ".", "e30.AA", good + ".", strings.Replace(good, ".", "..", 1), "====.===="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var nothing any
		if _, err := s.redeem(text, toGiveCode, "a cookie", &nothing); err == nil && text != good {
			t.Errorf("%q is a ticket of ours", text)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"123 456", "ABCDE-FGHJK", "abcde fghjk", "OIL00-00000", "12345", "１２３４５６", "", "\xff23456"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, app := parseCode(s)
		if app && (len(code) != 6 || strings.Trim(code, "0123456789") != "") || !app && code != "" && (len(code) != recoveryLength || strings.Trim(code, KeyAlphabet) != "") {
			t.Errorf("%q is the code %q", s, code)
		}
		if again, same := parseCode(code); code != "" && (again != code || same != app) {
			t.Errorf("%q is not its own normal form", code)
		}
	})
}

// What an authenticator's answer may be: nothing of it breaks, and nobody comes
// in with one that he made up.
func FuzzPasskeyAnswers(f *testing.F) {
	s := ticketOffice(f)
	v := Visit{Browser: "a cookie", Site: SiteOf("https://halfkey.example.net")}
	make, err := s.AskToMake(f.Context(), v, "", "homer@simps.net", "Homer")
	if err != nil {
		f.Fatal(err)
	}
	use, err := s.AskToUse(v)
	if err != nil {
		f.Fatal(err)
	}
	const client = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiIiwib3JpZ2luIjoiaHR0cHM6Ly9oYWxma2V5LmV4YW1wbGUubmV0In0"
	for _, answer := range []string{"", "{}", "null", "[]", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`,
		`{"id":"AA","rawId":"AA","type":"public-key","clientExtensionResults":{},"response":{"clientDataJSON":"` + client + `","authenticatorData":"` + strings.Repeat("A", 50) + `","signature":"AA","userHandle":"AA"}}`,
		`{"id":"AA","rawId":"AA","type":"public-key","clientExtensionResults":{},"response":{"clientDataJSON":"` + client + `","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVg","transports":["usb",7]}}`} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if _, err := s.Made(t.Context(), v, Reply{make.Ticket, answer}, "x"); err == nil && !json.Valid([]byte(answer)) {
			t.Errorf("made of %q", answer)
		}
		if !strings.Contains(answer, "rawId") { // the rest asks the database
			if _, err := s.answered(t.Context(), v, Reply{use.Ticket, answer}); err == nil {
				t.Errorf("opened by %q", answer)
			}
		}
	})
}

func TestPasskeysBelongToANameWithHTTPS(t *testing.T) {
	for base, want := range map[string]Site{
		"https://Halfkey.example.net":      {"halfkey.example.net", "https://halfkey.example.net"},
		"https://halfkey.example.net:443/": {"halfkey.example.net", "https://halfkey.example.net"},
		"https://halfkey.lan:8443":         {"halfkey.lan", "https://halfkey.lan:8443"},
		"http://localhost:8080":            {"localhost", "http://localhost:8080"},
		"http://halfkey.lan":               {},
		"http://127.0.0.1:8080":            {},
		"https://[::1]":                    {},
		"https://192.168.1.5":              {},
		"":                                 {},
		"://":                              {},
	} {
		if got := SiteOf(base); got != want {
			t.Errorf("%s: %+v", base, got)
		}
	}
}

package iam_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"halfkey/iam"
)

func TestIdsSortByTimeAndParse(t *testing.T) {
	seen := map[string]bool{}
	before := iam.NewID()
	for range 1000 {
		id := iam.NewID()
		if seen[id] {
			t.Fatal("drawn twice")
		}
		seen[id] = true
		if _, err := iam.ParseOrgID(id); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	time.Sleep(2 * time.Millisecond)
	if after := iam.NewID(); after <= before {
		t.Errorf("%s does not come after %s", after, before)
	}
	if _, err := iam.ParseOrgID(string(iam.Everywhere)); err == nil {
		t.Error("everywhere is an id")
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{iam.NewID(), "", "*", strings.Repeat("0", 20), strings.Repeat("i", 20), "01JD0000000000000000", "01jd00000000000000\n0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := iam.ParseDeviceID(s)
		if err != nil {
			return
		}
		if string(id) != s || len(s) != 20 || strings.Trim(s, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
			t.Errorf("%q is an id", s)
		}
	})
}

func TestEmail(t *testing.T) {
	for typed, want := range map[string]iam.Email{
		" Homer@Simps.NET ": "homer@simps.net",
		"h.j+iot@a-b.c":     "h.j+iot@a-b.c",
		"homer@localhost":   "homer@localhost",
	} {
		if got, err := iam.ParseEmail(typed); err != nil || got != want {
			t.Errorf("%q: %q %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "homer", "@simps.net", "homer@", "a@b@c", "a..b@c", ".a@c", "a@-c", "a@c-", "a b@c", "a@c..d", "a\n@c", "homer@simps.net\r\nBcc: x", "ä@c", "a@" + strings.Repeat("b", 64), strings.Repeat("a", 65) + "@c"} {
		if got, err := iam.ParseEmail(typed); err == nil {
			t.Errorf("%q became %q", typed, got)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"homer@simps.net", " H@x ", "a@b@c", "a@b.c.", "<a@b>", "a@b\x00", "ß@x", "\xff@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := iam.ParseEmail(s)
		if err != nil {
			return
		}
		if again, err := iam.ParseEmail(string(e)); err != nil || again != e {
			t.Errorf("%q is not its own normal form: %q %v", e, again, err)
		}
		if strings.Count(string(e), "@") != 1 || len(e) > 254 || strings.ContainsFunc(string(e), func(r rune) bool { return r <= ' ' || r > '~' || unicode.IsUpper(r) }) {
			t.Errorf("%q is an address", e)
		}
	})
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"The Simpsons", "  Power \t plant\n", "", " ", "Ünal 家 👩‍🚀", "a\u202eb", "\xff", strings.Repeat("x", 81), "<script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := iam.ParseName(s)
		if err != nil {
			return
		}
		if c := utf8.RuneCountInString(n); c < 1 || c > 80 || strings.TrimSpace(n) != n || strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is a name", n)
		}
		if again, err := iam.ParseName(n); err != nil || again != n {
			t.Errorf("%q is not its own normal form: %q %v", n, again, err)
		}
	})
}

func FuzzParseToken(f *testing.F) {
	for _, s := range []string{iam.RandomToken().Reveal(), "", strings.Repeat("A", 43), strings.Repeat("A", 42) + "B", strings.Repeat("=", 43), strings.Repeat("A", 42) + "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if token, ok := iam.ParseToken(s); ok && (token.Reveal() != s || len(s) != 43) {
			t.Errorf("%q is a token", s)
		}
	})
}

func TestDrawnTokensParse(t *testing.T) {
	for range 100 {
		if _, ok := iam.ParseToken(iam.RandomToken().Reveal()); !ok {
			t.Fatal("our own token does not parse")
		}
	}
	if c := iam.RandomCode(26); len(c) != 26 || strings.Trim(c, iam.KeyAlphabet) != "" {
		t.Errorf("%q", c)
	}
}

func FuzzFit(f *testing.F) {
	f.Add("correct horse battery", "homer@simps.net")
	f.Add("aaaaaaaaaaaaaaaaaaaa", "")
	f.Add("homer@simps.net1234", "homer@simps.net")
	f.Add("\xff\xfe", "x")
	p := iam.NewPasswords()
	f.Fuzz(func(t *testing.T, password, name string) {
		alone, second := p.Fit(secret(password), true, name), p.Fit(secret(password), false, name)
		if n := utf8.RuneCountInString(password); alone == nil && n < 15 || second == nil && n < 8 || alone == nil && second != nil {
			t.Errorf("%q is strong: %v, %v", password, alone, second)
		}
	})
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	passwords := iam.NewPasswords()
	for _, p := range []string{"", "short", "12345678901234", "aaaaaaaaaaaaaaaaaaaa", "abababababababababab", "homer@simps.net", "homer@simps.net12", "TheSimpsonsThe1",
		"halfkeyhalfkey1", "Simps.net-Homer", "password1234567", "qwertyuiopqwertyuiop", strings.Repeat("long enough ", 30)} {
		if passwords.Fit(secret(p), true, "homer@simps.net", "TheSimpsons", "Homer") == nil {
			t.Errorf("%q passes", p)
		}
	}
	for _, p := range []string{"donuts are round and good", "ďábelské ódy žluťoučký", strings.Repeat("all of it is my own", 5)} {
		if err := passwords.Fit(secret(p), true, "homer@simps.net", "Homer"); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	for p, want := range map[string]error{"7 chars": iam.ErrPasswordBrief, "password": iam.ErrPasswordCommon, "homer123": iam.ErrPasswordNaming, "Trustno1": iam.ErrPasswordCommon, "duff+beer": nil} {
		if err := passwords.Fit(secret(p), false, "Homer"); !errors.Is(err, want) {
			t.Errorf("%q with a second factor: %v", p, err)
		}
	}
}

package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"halfkey/devices/wire"
)

const typed = "QK7M2X9D4T-8RWV3C5HJ-0TN6ZQ4MK-GX2BD7PAD"

func TestKeyIsUnderstoodHoweverItIsTyped(t *testing.T) {
	for name, in := range map[string]string{
		"as shown":     typed,
		"lower case":   strings.ToLower(typed),
		"no hyphens":   strings.ReplaceAll(typed, "-", ""),
		"spaces":       " " + strings.ReplaceAll(typed, "-", " - "),
		"O for zero":   strings.ReplaceAll(typed, "0", "O"),
		"other groups": "QK7M-2X9D-4T8R-WV3C-5HJ0-TN6Z-Q4MK-GX2B-D7PA-D",
	} {
		t.Run(name, func(t *testing.T) {
			k, err := wire.ParseKey(in)
			if err != nil || k.Form != wire.Standard || k.First != "QK7M2X9D4T" || k.Second.Reveal() != "8RWV3C5HJ0TN6ZQ4MKGX2BD7PA" || k.Typed() != typed {
				t.Fatalf("got %q %q, %v", k.First, k.Typed(), err)
			}
		})
	}
	k, err := wire.ParseKey("HQ481047-1JWORF43")
	if err != nil || k.Form != wire.Classic || k.First != "HQ481047" || k.Second.Reveal() != "1JW0RF43" || k.Typed() != "HQ481047-1JW0RF43" {
		t.Fatalf("the seed's key: %q %q, %v", k.First, k.Typed(), err)
	}
}

func TestMistypedKeyIsNoticed(t *testing.T) {
	body := []byte(strings.ReplaceAll(typed, "-", ""))
	for i := range body {
		for _, c := range []byte(wire.Alphabet) {
			wrong := append([]byte(nil), body...)
			if wrong[i] = c; c == body[i] {
				continue
			}
			if _, err := wire.ParseKey(string(wrong)); err == nil {
				t.Fatalf("%c for %c at %d went unnoticed", c, body[i], i)
			}
		}
	}
	for i := range body {
		for j := i + 1; j < min(len(body), i+31); j++ {
			wrong := append([]byte(nil), body...)
			if wrong[i], wrong[j] = body[j], body[i]; body[i] == body[j] {
				continue
			}
			if _, err := wire.ParseKey(string(wrong)); err == nil {
				t.Fatalf("swap of %d and %d went unnoticed", i, j)
			}
		}
	}
	for _, in := range []string{"", "QK7M2X9D4T", typed[:len(typed)-1], typed + "D", "HQ481047-1JWURF43", "HQ481047_1JW0RF43"} {
		var form *wire.FormError
		if _, err := wire.ParseKey(in); !errors.As(err, &form) {
			t.Errorf("%q: %v", in, err)
		} else if in != "" && strings.Contains(form.Detail, in) {
			t.Errorf("the error repeats the key: %s", form.Detail)
		}
	}
}

func TestSecondHalfPrintsAsDots(t *testing.T) {
	k, _ := wire.ParseKey(typed)
	doc, _ := json.Marshal(k)
	for _, said := range []string{k.String(), fmt.Sprintf("%v %+v %#v %s %q", k, k, k, k.Second, k.Second), fmt.Sprintf("%+v", struct{ Key wire.RegKey }{k}), string(doc)} {
		if strings.Contains(said, "8RWV3C5HJ") {
			t.Errorf("told the second half: %s", said)
		}
	}
}

func TestSimpleDoorTakesFirstHalvesOnly(t *testing.T) {
	for in, want := range map[string]string{"HQ481047": "HQ481047", "hq48-1o47": "HQ481047", "QK7M2X9D4T": "QK7M2X9D4T"} {
		if first, err := wire.NormalizeFirst(in); first != want || err != nil {
			t.Errorf("%q: %q, %v", in, first, err)
		}
	}
	for in, want := range map[string]string{"HQ481047-UUUU(UUU": "HQ481047", typed: "QK7M2X9D4T", typed[:len(typed)-1]: "QK7M2X9D4T"} {
		if first, err := wire.NormalizeFirst(in); first != want || !errors.Is(err, wire.ErrWholeKey) {
			t.Errorf("whole key %q: %q, %v", in, first, err)
		}
	}
	for _, in := range []string{"", "HQ48104", "HQ48104U", "HQ481047X", "UUUUUUUU-1JW0RF43", "ÄÄÄÄ"} {
		var form *wire.FormError
		if first, err := wire.NormalizeFirst(in); first != "" || !errors.As(err, &form) {
			t.Errorf("%q: %q, %v", in, first, err)
		}
	}
}

func TestDrawnSecretsDiffer(t *testing.T) {
	if s := wire.NewSecret(); len(s) != 26 || s == wire.NewSecret() {
		t.Fatalf("secret %q", s)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(typed)
	f.Add("HQ481047-1JWORF43")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, in string) {
		k, err := wire.ParseKey(in)
		if err != nil {
			return
		}
		if again, err := wire.ParseKey(k.Typed()); err != nil || again != k {
			t.Fatalf("%q: %v, then %v (%v)", in, k, again, err)
		}
		if first, err := wire.NormalizeFirst(in); first != k.First || !errors.Is(err, wire.ErrWholeKey) {
			t.Fatalf("%q: first half %q (%v), want %q", in, first, err, k.First)
		}
	})
}

func FuzzNormalizeFirst(f *testing.F) {
	f.Add("HQ481047")
	f.Add("qk7m2x9d4t")
	f.Fuzz(func(t *testing.T, in string) {
		first, err := wire.NormalizeFirst(in)
		if again, err2 := wire.NormalizeFirst(first); err == nil && (again != first || err2 != nil) {
			t.Fatalf("%q: %q, then %q", in, first, again)
		}
	})
}

func FuzzParseSerial(f *testing.F) {
	f.Add("74743827342")
	f.Add("..")
	f.Add("a/b")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := wire.ParseSerial(in)
		if err == nil && (string(s) != in || strings.ContainsAny(in, "/ \"\\%?#\x00") || len(in) > 64 || in[0] == '.') {
			t.Fatalf("accepted %q", in)
		}
	})
}

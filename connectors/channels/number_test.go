package channels

import (
	"math"
	"strings"
	"testing"
)

func TestKeysUseTheWholeAlphabetEvenly(t *testing.T) {
	var seen [256]int
	for range 3600 {
		key := newKey().Reveal()
		if !looksLikeKey(key) {
			t.Fatalf("%q is no key", key)
		}
		for _, c := range []byte(key) {
			seen[c]++
		}
	}
	for _, c := range []byte(keyAlphabet) { // 1600 of each are expected, with a spread of 40
		if seen[c] < 1300 || seen[c] > 1900 {
			t.Errorf("%c was drawn %d times of 57600", c, seen[c])
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"21.5", " +1e3 ", "nan", "inf", "0x10", "1_000", "", "١"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := Number(s); ok && (math.IsNaN(n) || math.IsInf(n, 0) || strings.TrimSpace(s) == "") {
			t.Fatalf("%q is %v", s, n)
		}
	})
}

func FuzzID(f *testing.F) {
	for _, s := range []string{"142770", "0", "-1", "99999999999999999999", "1.5", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil && (id <= 0 || strings.TrimLeft(s, "0") != id.String()) {
			t.Fatalf("%q is %d", s, id)
		}
	})
}

func FuzzFields(f *testing.F) {
	for _, s := range []string{`[]`, `[{"name":"Temperature","unit":"°C"}]`, `[{},{},{},{},{},{},{},{},{"name":"ninth"}]`, `{`, `null`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if fields, err := parseFields(s); err == nil {
			if again, err := parseFields(fields.text()); err != nil || again != fields {
				t.Fatalf("%v, written and read again %v (%v)", fields, again, err)
			}
		}
	})
}

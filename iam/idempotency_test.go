package iam

import (
	"errors"
	"testing"
)

func FuzzIdempotencyKey(f *testing.F) {
	for _, s := range []string{"", "a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\"", "\x00", "ü", string(make([]byte, 201))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := ParseIdempotencyKey(s)
		if err != nil && !errors.Is(err, ErrKeyMalformed) || err == nil && (key != s || len(s) == 0 || len(s) > 200) {
			t.Fatalf("%q: %q %v", s, key, err)
		}
	})
}

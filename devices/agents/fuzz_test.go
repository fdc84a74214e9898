package agents

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"halfkey/iam/fault"
)

func told(t *testing.T, err error) {
	t.Helper()
	if err != nil && fault.Of(err).Kind == fault.Internal {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func FuzzAssertion(f *testing.F) {
	part := func(s string) string { return encode(s) }
	head := part(`{"alg":"HS256","typ":"JWT"}`)
	for _, body := range []string{`{"iss":"a","sub":"a"}`, `{"sub":"00000000000000000000000000000000","iss":"00000000000000000000000000000000","aud":"southgate","exp":1795348800}`,
		`{"aud":["southgate",7]}`, `{"exp":"soon"}`, `{"exp":1e400}`, `null`, `[]`} {
		f.Add(head + "." + part(body) + ".AA==")
	}
	f.Add("..")
	f.Add(strings.Repeat(".", 9000))
	f.Fuzz(func(t *testing.T, raw string) {
		a, cause := parseAssertion(raw, noon)
		if cause == "" && (a.agent == "" || len(a.signature) == 0 || a.expires.After(noon.Add(assertionLife+leeway)) || !a.expires.After(noon.Add(-leeway))) {
			t.Fatalf("%+v", a)
		}
		subject(raw)
		IsAccess(raw)
	})
}

func FuzzMetadata(f *testing.F) {
	for _, text := range []string{`{}`, `{"jwks":{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}}`, `{"jwks":{"keys":[{}]}}`, `{"jwks":null}`, `[]`, `{"client_id":7}`,
		`{"jwks":{"keys":[{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 512) + `"}]}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, key, err := parseMetadata(RSA3072, []byte(text))
		told(t, err)
		if err != nil {
			return
		}
		if k, err := x509.ParsePKCS1PublicKey(key); err != nil || k.N.BitLen() < modulusLeast {
			t.Fatalf("a key that we cannot read again: %v", err)
		}
	})
}

func FuzzSources(f *testing.F) {
	for _, text := range []string{`{"configurationId":"a","dataSources":[{"name":"s","dataPoints":[{"id":"1","name":"p","type":"INT","unit":""}]}]}`, `{}`, `{"dataSources":[{}]}`, `{"dataSources":[{"dataPoints":[null]}]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c Sources
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		told(t, c.check())
	})
}

func FuzzFilter(f *testing.F) {
	for _, text := range []string{`{"name":"a"}`, `{"and":{"name":{"contains":"a"}}}`, `{"and":[{"name":"a"},{}]}`, `{"name":{"eq":7}}`, `{`, `{"and":{"and":{"and":{"and":{"and":{}}}}}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseFilter(text)
		told(t, err)
		if c != nil {
			if sql, args := c.sql(); strings.Count(sql, "?") != len(args) {
				t.Fatalf("%s with %d arguments", sql, len(args))
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, path := range []string{"a/b.txt", "../a", "a//b", "a/./b", "\x00", "ä", `a\b`, strings.Repeat("a/", 300)} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if p, err := ParsePath(path); err == nil && (p != path || strings.Contains("/"+p+"/", "/../") || strings.HasPrefix(p, "/")) {
			t.Fatal(p)
		}
	})
}

func FuzzNetwork(f *testing.F) {
	for _, text := range []string{`{"interfaces":[{"name":"eth0","dhcp":true}]}`, `{"interfaces":[{"name":"eth0","address":"192.168.0.7/24","gateway":"192.168.0.1","dns":["9.9.9.9"]}],"proxy":{"host":"proxy","port":3128}}`, `{}`, `null`, ` `, `{"interfaces":[{}]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kept, err := parseNetwork(text)
		told(t, err)
		if again, err2 := parseNetwork(kept); err == nil && (err2 != nil || again != kept) {
			t.Fatalf("%q is kept as %q, and then as %q: %v", text, kept, again, err2)
		}
	})
}

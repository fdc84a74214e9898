package agent

import "testing"

func FuzzConfig(f *testing.F) {
	for _, s := range []string{"", "{}", `{"content":{"baseUrl":"http://h","iat":"a.b.c","clientCredentialProfile":["RSA_3072"],"clientId":"0a","tenant":"t"},"expiration":"2026-11-28T20:36:10.000Z"}`,
		`{"content":{"clientCredentialProfile":[]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := ParseConfig(text); err == nil && (c.Content.BaseURL == "" || c.Content.ClientID == "" || len(c.Content.Profile) != 1) {
			t.Errorf("%+v", c)
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"", "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := ParseKey(text); (key == nil) != (err != nil) {
			t.Errorf("%v, %v", key, err)
		}
	})
}

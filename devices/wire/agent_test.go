package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

const boarding = `{"content":{"baseUrl":"https://plant.example","iat":"a.b.c","clientCredentialProfile":["RSA_3072"],"clientId":"a3ac5ae889544717b02fa8282a30d1b4","tenant":"simpsons"},"expiration":"2026-11-28T20:36:10.000Z"}`

func TestCredentialsCarryABoardingConfiguration(t *testing.T) {
	a, err := ParseAgent([]byte(boarding))
	if err != nil || string(a.Marshal()) != boarding {
		t.Fatalf("%s, %v", a.Marshal(), err)
	}
	c := Credentials{Device: Identity{"K.1", strings.Repeat("7", 26)}, Channel: Channel{"embedded", "1", "W", "http://x/update"}, Agent: a, Version: 1, NextCheck: 2, Now: 3}
	doc, err := c.Marshal()
	if err != nil || !strings.Contains(string(doc), `"update_url":"http://x/update"},"agent":`+boarding+`,"version":1`) {
		t.Fatalf("%s, %v", doc, err)
	}
	if back, err := ParseCredentials(doc); err != nil || string(back.Agent.Marshal()) != boarding {
		t.Errorf("read back: %+v, %v", back, err)
	}
	for _, bad := range []string{`{}`, `[]`, strings.Replace(boarding, `["RSA_3072"]`, `["RSA_3072","SHARED_SECRET"]`, 1), strings.Replace(boarding, "a.b.c", "a<b", 1),
		strings.Replace(boarding, "a.b.c", strings.Repeat("x", maxAgent), 1), strings.Replace(boarding, `"a.b.c"`, `""`, 1)} {
		if _, err := ParseAgent([]byte(bad)); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}

// Whatever a platform gives, what we pass on is one document that reads the same.
func FuzzAgent(f *testing.F) {
	for _, s := range []string{boarding, `{"content":{}}`, `null`, `{"content":{"clientCredentialProfile":[]}}`, strings.Replace(boarding, "simpsons", `\"`, 1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		a, err := ParseAgent(doc)
		if err != nil {
			return
		}
		var again Agent
		if err := json.Unmarshal(a.Marshal(), &again); err != nil || again.Content.IAT != a.Content.IAT || again.Check() != nil {
			t.Errorf("%s: %v", a.Marshal(), err)
		}
	})
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"halfkey/devices/wire"
	"halfkey/orgs"
)

// opener is the README's: an independent JOSE library (Debian's python3-jwcrypto).
const opener = `
import sys
from jwcrypto import jwe, jwk
answer = jwe.JWE(algs=['PBES2-HS256+A128KW', 'A128GCM'])
answer.deserialize(open(sys.argv[1]).read(), jwk.JWK.from_password(sys.argv[2]))
print(answer.payload.decode(), end='')
`

func TestCurlAndPythonCanBeADevice(t *testing.T) {
	if _, err := os.Stat("/usr/lib/python3/dist-packages/jwcrypto"); err != nil {
		t.Fatal("this test needs python3-jwcrypto: make deps")
	}
	settings := []string{"DATA=" + t.TempDir()}
	found(t, settings)
	key := issue(t, settings, orgs.KeyRequest{Label: "Old", Form: orgs.Classic})
	p := start(t, settings...)
	answer := filepath.Join(t.TempDir(), "answer")
	for _, path := range []string{"/ws/iot/devices/", "/midpoint/ws/iot/devices/"} {
		if out, err := exec.Command("curl", "-sf", p.url(path+"74743827342?key="+key.First), "-o", answer).CombinedOutput(); err != nil {
			t.Fatalf("curl: %v %s\n%s", err, out, p.said)
		}
		out, err := exec.Command("/usr/bin/python3", "-c", opener, answer, key.Second.Reveal()).CombinedOutput()
		if err != nil {
			t.Fatalf("the answer does not open: %v\n%s", err, out)
		}
		channel, err := wire.ParsePlain(out)
		if err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		if path == "/midpoint/ws/iot/devices/" {
			written, err := exec.Command("curl", "-sf", "http://"+p.thingspeak+"/update?api_key="+channel.WriteKey+"&field1=21.4").Output()
			if err != nil || string(written) != "1" {
				t.Errorf("the write key is answered %q %v", written, err)
			}
		}
	}
	wrong := []byte(key.Second.Reveal())
	if wrong[7]++; !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", rune(wrong[7])) {
		wrong[7] = '0'
	}
	if out, err := exec.Command("/usr/bin/python3", "-c", opener, answer, string(wrong)).CombinedOutput(); err == nil {
		t.Errorf("the wrong second half opens %q", out)
	}
}

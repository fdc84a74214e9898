package peer

import (
	"net/http"
	"net/netip"
	"testing"
)

func request(remote string, forwarded ...string) *http.Request {
	r := &http.Request{RemoteAddr: remote, Header: http.Header{}}
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

func TestOnlyAConfiguredProxyIsBelieved(t *testing.T) {
	trusted, err := ParseTrusted([]string{"10.0.0.7", "192.168.0.0/16", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		r       *http.Request
		trusted Trusted
		want    string
	}{
		"nobody is trusted by default":         {request("10.0.0.7:1", "1.2.3.4"), nil, "10.0.0.7"},
		"a stranger's header means nothing":    {request("8.8.8.8:1", "1.2.3.4"), trusted, "8.8.8.8"},
		"our proxy's word":                     {request("10.0.0.7:1", "1.2.3.4"), trusted, "1.2.3.4"},
		"what the caller wrote before it":      {request("10.0.0.7:1", "6.6.6.6, 1.2.3.4"), trusted, "1.2.3.4"},
		"two header lines are one list":        {request("10.0.0.7:1", "6.6.6.6", "1.2.3.4"), trusted, "1.2.3.4"},
		"a chain of our proxies":               {request("10.0.0.7:1", "1.2.3.4, 192.168.3.3"), trusted, "1.2.3.4"},
		"rubbish ends at who told it":          {request("10.0.0.7:1", "1.2.3.4, unknown"), trusted, "10.0.0.7"},
		"no header at all":                     {request("10.0.0.7:1"), trusted, "10.0.0.7"},
		"IPv4 on a dual socket":                {request("[::ffff:10.0.0.7]:1", "1.2.3.4"), trusted, "1.2.3.4"},
		"IPv6 with brackets and port":          {request("[fd00::1]:1", "[2001:db8::5]:4711"), trusted, "2001:db8::5"},
		"a zone does not make another address": {request("10.0.0.7:1", "fe80::1%eth0"), trusted, "fe80::1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Address(c.r, c.trusted); got.String() != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnIPv6NetworkIsOneSource(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"::1": "::1", "2001:db8:1:2:aaaa::1": "2001:db8:1:2::/64", "2001:db8:1:2:bbbb::9": "2001:db8:1:2::/64", "2001:db8:1:3::1": "2001:db8:1:3::/64",
	} {
		if got := Source(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestAWrongProxySettingIsSaid(t *testing.T) {
	if _, err := ParseTrusted([]string{"10.0.0.0/99"}); err == nil {
		t.Fatal("taken")
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("10.0.0.7:1", "1.2.3.4, [::1]:3")
	f.Add("", ",,")
	f.Add("@", "::ffff:1.2.3.4%x")
	trusted, _ := ParseTrusted([]string{"10.0.0.0/8"})
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		a := Address(request(remote, forwarded), trusted)
		Source(a)
	})
}

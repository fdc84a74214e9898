package oidc_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"halfkey/iam"
	"halfkey/iam/oidc"
)

func FuzzParseCallback(f *testing.F) {
	state := iam.RandomToken().Reveal()
	for _, s := range []string{"code=x&state=" + state, "code=x&code=y&state=" + state, "error=access_denied&state=" + state, "code=x&state=" + state + "&iss=a&iss=b", "state=&code=", "%zz", "code=x;state=" + state} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, _ := url.ParseQuery(s)
		c, err := oidc.ParseCallback(q)
		if err != nil {
			return
		}
		if len(q["code"]) > 1 || len(q["state"]) > 1 || len(q["iss"]) > 1 || (c.Code == "") == (c.Error == "") || len(c.State) != 43 {
			t.Errorf("%q is read as %+v", s, c)
		}
	})
}

func FuzzParseDomains(f *testing.F) {
	for _, s := range []string{"simps.net", "simps.net, plant.example", "@Simps.NET\nsimps.net", "com", "a b", "simps.net/x", strings.Repeat("a.b,", 30), "*.net"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := oidc.ParseDomains(s)
		if err != nil {
			return
		}
		again, err := oidc.ParseDomains(strings.Join(all, " "))
		if err != nil || !slices.Equal(all, again) || len(all) == 0 || strings.ContainsAny(strings.Join(all, ""), " @*/:") {
			t.Errorf("%q is read as %q, and that as %q, %v", s, all, again, err)
		}
	})
}

package auth

import (
	"net/http"
	"net/url"
	"strings"
)

// Next is a page of ours to go on to, taken from outside: a path on this host, or
// "/" where it is anything else.
func Next(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || len(s) > 1024 {
		return "/"
	}
	for _, r := range s {
		if r <= ' ' || r == '\\' || r == 0x7f {
			return "/"
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	switch u.Path {
	case "/login", "/logout", "/theme", "/events":
		return "/"
	}
	return s
}

// LoginPath leads to the sign-in page and from there back to what was asked for.
func LoginPath(r *http.Request) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "/login"
	}
	if next := Next(r.URL.RequestURI()); next != "/" {
		return "/login?next=" + url.QueryEscape(next)
	}
	return "/login"
}

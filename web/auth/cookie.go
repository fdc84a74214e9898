package auth

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"halfkey/iam/vault"
	"halfkey/web/peer"
)

// The cookie's names. A browser keeps a __Host- cookie over HTTPS and on its own
// machine only; the plain one is for a home network whose owner took the risk.
const (
	lockedName = "__Host-halfkey"
	plainName  = "halfkey"
)

// longest is how long a browser keeps the cookie; the server ends sessions earlier.
const longest = 90 * 24 * time.Hour

// line is how a request came, as far as cookies care.
type line int

const (
	locked line = iota // HTTPS, or the browser's own machine
	risky              // plain HTTP that the settings accept
	open               // plain HTTP: nobody signs in here
)

// lineOf judges a request. A proxy's X-Forwarded-Proto counts where the proxy is trusted.
func (d *Door) lineOf(r *http.Request) line {
	switch {
	case r.TLS != nil || d.forwardedTLS(r) || ownMachine(r.Host):
		return locked
	case d.AcceptPlain:
		return risky
	default:
		return open
	}
}

func (d *Door) forwardedTLS(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-Proto") != "https" {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && trusts(d.Trusted, a.Unmap())
}

func trusts(t peer.Trusted, a netip.Addr) bool {
	for _, p := range t {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// ownMachine tells whether a host name is the browser's own machine, where
// browsers treat plain HTTP as safe.
func ownMachine(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// token is the session's token that the request carries, or "".
func (d *Door) token(r *http.Request) vault.Secret {
	name := lockedName
	if d.lineOf(r) == risky {
		name = plainName
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return vault.Secret(c.Value)
}

// give hands the browser a session; an empty token takes it away.
func (d *Door) give(w http.ResponseWriter, r *http.Request, token vault.Secret) {
	c := &http.Cookie{Name: lockedName, Value: token.Reveal(), Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, MaxAge: int(longest.Seconds())}
	if d.lineOf(r) == risky {
		c.Name, c.Secure = plainName, false
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

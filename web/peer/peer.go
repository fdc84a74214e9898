// Package peer says who is at the other end of a request: the TCP peer's
// address, or what a proxy says that the configuration names. Nobody else's
// header is believed. It knows nothing of devices or people.
package peer

import (
	"net/http"
	"net/netip"
	"strings"
)

// Trusted lists the proxies whose word on X-Forwarded-For counts. The zero
// value trusts nobody.
type Trusted []netip.Prefix

// ParseTrusted reads addresses and prefixes, as a configuration gives them:
// 10.0.0.7, 192.168.0.0/16, fd00::/8.
func ParseTrusted(list []string) (Trusted, error) {
	var t Trusted
	for _, s := range list {
		s = strings.TrimSpace(s)
		if p, err := netip.ParsePrefix(s); err == nil {
			t = append(t, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(s)
		if err != nil {
			return nil, err
		}
		a = a.Unmap().WithZone("")
		t = append(t, netip.PrefixFrom(a, a.BitLen()))
	}
	return t, nil
}

func (t Trusted) has(a netip.Addr) bool {
	for _, p := range t {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Address gives the caller's address. X-Forwarded-For is read from the right,
// where our own proxy wrote, and only as far as each teller is trusted: the
// first address that is no proxy of ours is the caller. What cannot be read
// ends the search at the last teller.
func Address(r *http.Request, trusted Trusted) netip.Addr {
	addr := remote(r.RemoteAddr)
	if len(trusted) == 0 || !trusted.has(addr) {
		return addr
	}
	told := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(told) - 1; i >= 0; i-- {
		next, ok := parse(told[i])
		if !ok {
			return addr
		}
		if addr = next; !trusted.has(addr) {
			return addr
		}
	}
	return addr
}

// Source is what limits count by: an IPv4 address, or the /64 of an IPv6 one,
// since a home or a server has that many to itself; this machine is one alone.
func Source(a netip.Addr) string {
	if !a.Is6() || a.Is4In6() || a.IsLoopback() {
		return a.Unmap().String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

func remote(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap()
	}
	a, _ := parse(s)
	return a
}

// parse takes an address with or without port, and brackets round IPv6.
func parse(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}

// Package outward makes HTTP clients for addresses that a tenant has typed in:
// a sign-in provider, a webhook. They reach the public internet and not this
// machine or its neighbours, unless the installation allows that. Each address
// is judged when it is dialled, so that a name that changes its mind between a
// check and the call gains nothing. It knows nothing of who is called and why.
package outward

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// ErrInward says that an address leads to this machine or its network.
var ErrInward = errors.New("outward: the address is not on the public internet")

// What a call may take.
const (
	callTime = 10 * time.Second
	hopsMost = 3
	// AnswerMost is how many bytes of an answer are read, beyond which it fails.
	AnswerMost = 1 << 20
)

// Client makes a client. With private it also reaches private and loopback
// addresses. It uses no proxy, keeps no cookie, follows three redirects at most
// and none to another scheme, and reads AnswerMost bytes of an answer.
func Client(private bool) *http.Client { return ClientReading(private, AnswerMost) }

// ClientReading is a Client that reads so many bytes of an answer.
func ClientReading(private bool, most int) *http.Client {
	dialer := &net.Dialer{Timeout: callTime / 2}
	if !private {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return judge(address) }
	}
	t := &http.Transport{
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   callTime / 2,
		ResponseHeaderTimeout: callTime,
		MaxIdleConns:          4, // rarely asked: nothing stays open long
		IdleConnTimeout:       10 * time.Second,
		ForceAttemptHTTP2:     true,
	}
	return &http.Client{Transport: bounded{t, most}, Timeout: callTime, CheckRedirect: follow}
}

func follow(r *http.Request, via []*http.Request) error {
	if len(via) > hopsMost {
		return errors.New("outward: too many redirects")
	}
	if first := via[0].URL; r.URL.Scheme != first.Scheme {
		return fmt.Errorf("outward: a redirect leads from %s to %s", first.Scheme, r.URL.Scheme)
	}
	return nil
}

// judge takes the address that is about to be dialled, after every name was resolved.
func judge(address string) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !Public(a.Addr()) {
		return ErrInward
	}
	return nil
}

// closed are the networks that belong to nobody in particular, beside those
// that netip knows. IANA's special-purpose registries for IPv4 and IPv6.
var closed = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func prefixes(all ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, s := range all {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// Public reports whether an address is on the public internet. What carries an
// IPv4 address inside (mapped, NAT64, 6to4, Teredo) is not.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range closed {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// CheckURL tells whether an address can be called at all: https with a host and
// nothing hidden in it; http only where private addresses are allowed.
func CheckURL(s string, private bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > 500 || u.Hostname() == "" || u.User != nil || u.Opaque != "" || u.Fragment != "":
		return nil, errors.New("outward: not an address")
	case u.Scheme != "https" && (u.Scheme != "http" || !private):
		return nil, errors.New("outward: the address is not https")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !private && !Public(a) {
		return nil, ErrInward
	}
	return u, nil
}

// bounded reads so many bytes of an answer and no more.
type bounded struct {
	http.RoundTripper
	most int
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = &short{res.Body, b.most}
	}
	return res, err
}

type short struct {
	io.ReadCloser
	left int
}

func (s *short) Read(p []byte) (int, error) {
	if s.left <= 0 {
		if n, err := s.ReadCloser.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, errors.New("outward: the answer is longer than we read")
	}
	n, err := s.ReadCloser.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}

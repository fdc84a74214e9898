package iam

import (
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Site is where passkeys belong: to a domain, and the one origin of it at which
// they are asked for. The zero Site has none.
type Site struct {
	Domain string // "halfkey.example.net"
	Origin string // "https://halfkey.example.net"
}

// SiteOf reads the address at which people reach us. Browsers keep passkeys for
// names only and over HTTPS only, or on their own machine; for any other address
// it gives the zero Site.
func SiteOf(baseURL string) Site {
	u, err := url.Parse(baseURL)
	if err != nil {
		return Site{}
	}
	domain := strings.ToLower(u.Hostname())
	own := domain == "localhost" || strings.HasSuffix(domain, ".localhost")
	if net.ParseIP(domain) != nil || protocol.ValidateRPID(domain) != nil || u.Scheme != "https" && (u.Scheme != "http" || !own) {
		return Site{}
	}
	origin := u.Scheme + "://" + domain
	if port := u.Port(); port != "" && !(u.Scheme == "https" && port == "443") && !(u.Scheme == "http" && port == "80") {
		origin += ":" + port
	}
	return Site{domain, origin}
}

// party is the site as the library wants it: a passkey must be found without a
// name being typed, and must have looked at its owner.
func (s Site) party() (*webauthn.WebAuthn, error) {
	if s.Domain == "" {
		return nil, ErrNoSite
	}
	return webauthn.New(&webauthn.Config{
		RPID: s.Domain, RPDisplayName: "Halfkey", RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

package agents

import (
	"encoding/json"
	"strings"
	"time"

	"halfkey/iam/token"
)

// An assertion is the token by which an agent says who it is (RFC 7523): read,
// not believed. The Node client signs with RS384, the C client with RS256 and
// keeps the padding of base64url.
type assertion struct {
	alg       string
	agent     ID
	tenant    string
	jti       string
	expires   time.Time
	signed    string // what the signature covers
	signature []byte
}

// assertionFor is the audience that every client names.
const assertionFor = "southgate"

// How far an agent's clock may be off, and how long its assertion may live.
const (
	leeway        = time.Minute
	assertionLife = 24 * time.Hour
	jtiMost       = 255 // bytes
)

type assertionHeader struct {
	Alg  string          `json:"alg"`
	Crit json.RawMessage `json:"crit"`
	JKU  json.RawMessage `json:"jku"`
	JWK  json.RawMessage `json:"jwk"`
	X5U  json.RawMessage `json:"x5u"`
	X5C  json.RawMessage `json:"x5c"`
}

type assertionClaims struct {
	Iss string         `json:"iss"`
	Sub string         `json:"sub"`
	Aud token.Audience `json:"aud"`
	Ten string         `json:"ten"`
	Jti string         `json:"jti"`
	Exp *float64       `json:"exp"`
	Nbf *float64       `json:"nbf"`
	Iat *float64       `json:"iat"`
}

// parseAssertion does all that costs little: it reads, and looks at what can be
// judged without knowing the agent. The cause is empty for one to look at further.
func parseAssertion(raw string, now time.Time) (a assertion, cause string) {
	if len(raw) > longest {
		return a, "assertion-unreadable"
	}
	head, rest, ok1 := strings.Cut(raw, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	if !ok1 || !ok2 || strings.Contains(sig, ".") {
		return a, "assertion-unreadable"
	}
	var h assertionHeader
	var c assertionClaims
	if readPart(head, &h) != nil || readPart(body, &c) != nil {
		return a, "assertion-unreadable"
	}
	id, err := ParseID(c.Sub)
	if err != nil {
		return a, "sub-wrong"
	}
	a = assertion{alg: h.Alg, agent: id, tenant: c.Ten, jti: c.Jti, signed: raw[:len(head)+1+len(body)]}
	if a.signature, err = unpadded(sig); err != nil || len(sig) == 0 {
		return a, "assertion-unreadable"
	}
	switch at := func(seconds *float64) time.Time { return time.UnixMilli(int64(*seconds * 1000)) }; {
	case len(h.Crit)+len(h.JKU)+len(h.JWK)+len(h.X5U)+len(h.X5C) > 0:
		return a, "header-forbidden"
	case c.Iss != c.Sub:
		return a, "iss-wrong"
	case !c.Aud.Has(assertionFor):
		return a, "aud-wrong"
	case c.Exp == nil || *c.Exp < 0 || *c.Exp > 1e11:
		return a, "exp-missing"
	case !at(c.Exp).After(now.Add(-leeway)):
		return a, "assertion-expired"
	case at(c.Exp).After(now.Add(assertionLife + leeway)):
		return a, "exp-too-far"
	case c.Nbf != nil && (*c.Nbf > 1e11 || at(c.Nbf).After(now.Add(leeway))), c.Iat != nil && (*c.Iat > 1e11 || at(c.Iat).After(now.Add(leeway))):
		return a, "assertion-too-early"
	case len(c.Jti) > jtiMost:
		return a, "jti-wrong"
	default:
		a.expires = at(c.Exp)
	}
	return a, ""
}

func readPart(part string, into any) error {
	text, err := unpadded(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
)

// What an answer's content can be.
const (
	JSON = "application/json"
	Text = "text/plain"
)

const (
	typ     = "halfkey-credentials+jwe"
	ivSize  = 12
	tagSize = 16
	// Sizes of whole answers, in bytes, that a small device makes room for.
	maxJSON = 1536
	maxText = 768
)

// A Header says in clear for whom and in reply to what an answer was made. It
// is authenticated with the content.
type Header struct {
	Cty   string // JSON or Text
	Kid   string // the first half, or the calling device's kid
	Sub   string // the serial
	Nonce string // the request's jti or nonce; empty where it had none

	// Agent tells, not on the line, that the content has what an agent boards
	// with, for which a device makes room up to MaxSize.
	Agent bool
}

// ErrHeader and ErrTooLarge are mistakes of the caller, not of a device.
var (
	ErrHeader   = errors.New("seal: a header value needs an escape or is missing")
	ErrTooLarge = errors.New("seal: the answer would be larger than a device expects")
)

// Seal makes the compact JWE that only r can open.
func Seal(r Recipient, h Header, content []byte) ([]byte, error) {
	return sealFrom(rand.Reader, r, h, content)
}

func sealFrom(random io.Reader, r Recipient, h Header, content []byte) ([]byte, error) {
	if !h.plain() {
		return nil, ErrHeader
	}
	var secret [32 + ivSize]byte // content key and IV, drawn at once
	drawn := secret[:r.keySize+ivSize]
	if _, err := io.ReadFull(random, drawn); err != nil {
		return nil, err
	}
	var head [512]byte
	header := r.appendHeader(head[:0], h)
	sealed, err := encrypt(r.wrap, header, drawn[:r.keySize], drawn[r.keySize:], content)
	if err != nil {
		return nil, err
	}
	most := maxJSON
	if h.Cty == Text {
		most = maxText
	} else if h.Agent {
		most = MaxSize
	}
	if len(sealed) > most {
		return nil, ErrTooLarge
	}
	return sealed, nil
}

// encrypt joins the five parts of RFC 7516 section 7.1.
func encrypt(wrap cipher.Block, header, key, iv, content []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	b64 := base64.RawURLEncoding
	var wrapped [40]byte
	wrappedKey := appendWrapped(wrapped[:0], wrap, key)
	out := make([]byte, 0, b64.EncodedLen(len(header))+b64.EncodedLen(len(wrappedKey))+
		b64.EncodedLen(ivSize)+b64.EncodedLen(len(content))+b64.EncodedLen(tagSize)+4)

	out = b64.AppendEncode(out, header)
	box := gcm.Seal(make([]byte, 0, len(content)+tagSize), iv, content, out)
	out = b64.AppendEncode(append(out, '.'), wrappedKey)
	out = b64.AppendEncode(append(out, '.'), iv)
	out = b64.AppendEncode(append(out, '.'), box[:len(content)])
	return b64.AppendEncode(append(out, '.'), box[len(content):]), nil
}

// appendHeader writes the protected header, members in alphabetical order.
func (r Recipient) appendHeader(b []byte, h Header) []byte {
	b = appendMember(append(b, '{'), "alg", r.alg)
	b = appendMember(append(b, ','), "cty", h.Cty)
	b = appendMember(append(b, ','), "enc", r.enc)
	b = appendMember(append(b, ','), "kid", h.Kid)
	if h.Nonce != "" {
		b = appendMember(append(b, ','), "nonce", h.Nonce)
	}
	if r.p2c != 0 {
		b = strconv.AppendInt(append(b, `,"p2c":`...), int64(r.p2c), 10)
		b = appendMember(append(b, ','), "p2s", r.p2s)
	}
	b = appendMember(append(b, ','), "sub", h.Sub)
	b = appendMember(append(b, ','), "typ", typ)
	return append(b, '}')
}

func appendMember(b []byte, name, value string) []byte {
	b = append(append(b, '"'), name...)
	b = append(append(b, `":"`...), value...)
	return append(b, '"')
}

// plain reports whether the header is complete and stands in JSON as it is.
func (h Header) plain() bool {
	for _, s := range [...]string{h.Cty, h.Kid, h.Sub, h.Nonce} {
		for i := range len(s) {
			if s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
				return false
			}
		}
	}
	return (h.Cty == JSON || h.Cty == Text) && h.Kid != "" && h.Sub != ""
}

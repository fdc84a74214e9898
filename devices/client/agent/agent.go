// Package agent is the side of an industrial agent: it registers once with a
// boarding configuration, renews its credentials, and fetches access tokens
// (RFC 7591, 7592 and 7523, as agent management v3 has them). It knows nothing
// of the server.
package agent

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Profiles in which an agent proves who it is.
const (
	SharedSecret = "SHARED_SECRET"
	RSA3072      = "RSA_3072"
)

// A Config is the boarding configuration, as it is downloaded.
type Config struct {
	Content struct {
		BaseURL  string   `json:"baseUrl"`
		Initial  string   `json:"iat"`
		Profile  []string `json:"clientCredentialProfile"` // exactly one
		ClientID string   `json:"clientId"`
		Tenant   string   `json:"tenant"`
	} `json:"content"`
	Expiration time.Time `json:"expiration"`
}

// A State is what an agent keeps over a power cut. It is secret as a whole.
type State struct {
	BaseURL string    `json:"base_url"`
	ID      string    `json:"client_id"`
	Tenant  string    `json:"tenant"`
	Profile string    `json:"profile"`
	Secret  string    `json:"client_secret,omitempty"` // of SharedSecret
	Key     string    `json:"private_key,omitempty"`   // of RSA3072, as PEM
	RAT     string    `json:"registration_access_token"`
	URI     string    `json:"registration_client_uri"`
	Expires time.Time `json:"expires_at"` // the credentials
}

// A Client speaks for agents. The zero value is ready.
type Client struct {
	HTTP *http.Client     // nil: 30 s a request, no redirects
	Now  func() time.Time // nil: the system's clock
}

// A Refused is an answer that is none of success.
type Refused struct {
	Status int
	Code   string `json:"error"`
	Text   string `json:"error_description"`
}

func (r *Refused) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answered %d %s %s", r.Status, r.Code, r.Text))
}

// ParseConfig reads a boarding configuration.
func ParseConfig(text []byte) (c Config, err error) {
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("the boarding configuration is not JSON of its form: %w", err)
	}
	if c.Content.BaseURL == "" || c.Content.Initial == "" || c.Content.ClientID == "" || len(c.Content.Profile) != 1 {
		return c, errors.New("the boarding configuration lacks baseUrl, iat, clientId or its one clientCredentialProfile")
	}
	return c, nil
}

// ParseKey reads a private key in PEM, in either of the forms that openssl writes.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the private key is no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the private key: %w", err)
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not an RSA key")
	}
	return key, nil
}

// registered is the answer to a registration and to a renewal.
type registered struct {
	Secret  string `json:"client_secret"`
	Expires int64  `json:"client_secret_expires_at"` // epoch seconds
	RAT     string `json:"registration_access_token"`
	URI     string `json:"registration_client_uri"`
}

// Onboard registers with the initial token, which works once. An agent of
// RSA3072 that is given no key makes one.
func (c *Client) Onboard(ctx context.Context, config Config, key *rsa.PrivateKey) (s State, err error) {
	in := config.Content
	s = State{BaseURL: strings.TrimSuffix(in.BaseURL, "/"), ID: in.ClientID, Tenant: in.Tenant, Profile: in.Profile[0]}
	if s.Profile == RSA3072 {
		if key == nil {
			if key, err = rsa.GenerateKey(rand.Reader, 3072); err != nil {
				return s, err
			}
		}
		s.Key = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	}
	return s, c.register(ctx, &s, http.MethodPost, s.BaseURL+"/api/agentmanagement/v3/register", in.Initial, http.StatusCreated)
}

// Rotate renews the credentials, also such as are over. Keep the state at once:
// with the next renewal the old one is worth nothing.
func (c *Client) Rotate(ctx context.Context, s *State) error {
	return c.register(ctx, s, http.MethodPut, s.URI, s.RAT, http.StatusOK)
}

func (c *Client) register(ctx context.Context, s *State, method, address, token string, want int) error {
	body := map[string]any{}
	if method == http.MethodPut {
		body["client_id"] = s.ID
	}
	if s.Profile == RSA3072 {
		key, err := ParseKey([]byte(s.Key))
		if err != nil {
			return err
		}
		enc := base64.RawURLEncoding.EncodeToString
		body["jwks"] = map[string]any{"keys": []any{map[string]string{"kty": "RSA", "kid": s.ID, "n": enc(key.N.Bytes()), "e": enc(big.NewInt(int64(key.E)).Bytes())}}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var r registered
	if err := c.do(ctx, method, address, "application/json", "Bearer "+token, text, want, &r); err != nil {
		return err
	}
	s.Secret, s.RAT, s.URI, s.Expires = r.Secret, r.RAT, r.URI, time.Unix(r.Expires, 0).UTC()
	return nil
}

// A Token opens the agent's APIs for a while.
type Token struct {
	Access string `json:"access_token"`
	Type   string `json:"token_type"`
	Life   int64  `json:"expires_in"` // seconds
}

// Token fetches an access token with what the agent knows.
func (c *Client) Token(ctx context.Context, s State) (t Token, err error) {
	now := c.now()
	claims := jwt.MapClaims{"iss": s.ID, "sub": s.ID, "aud": []string{"southgate"}, "ten": s.Tenant, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"jti": rand.Text(), "schemas": []string{"urn:siemens:mindsphere:v1"}}
	var assertion string
	if s.Profile == RSA3072 {
		key, err := ParseKey([]byte(s.Key))
		if err != nil {
			return t, err
		}
		assertion, err = jwt.NewWithClaims(jwt.SigningMethodRS384, claims).SignedString(key)
		if err != nil {
			return t, err
		}
	} else if assertion, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(s.Secret)); err != nil {
		return t, err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}}
	return t, c.do(ctx, http.MethodPost, s.BaseURL+"/api/agentmanagement/v3/oauth/token", "application/x-www-form-urlencoded", "", []byte(form.Encode()), http.StatusOK, &t)
}

// answerMost is the longest answer that is read, in bytes.
const answerMost = 64 << 10

func (c *Client) do(ctx context.Context, method, address, mime, bearer string, body []byte, want int, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", mime)
	if bearer != "" {
		r.Header.Set("Authorization", bearer)
	}
	res, err := c.client().Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerMost))
	if err != nil {
		return err
	}
	if res.StatusCode != want {
		refused := &Refused{Status: res.StatusCode}
		_ = json.Unmarshal(text, refused) // what it says is worth telling, and no more
		return refused
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the answer of %s: %w", res.Request.URL.Path, err)
	}
	return nil
}

var patient = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (c *Client) client() *http.Client {
	if c.HTTP == nil {
		return patient
	}
	return c.HTTP
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"halfkey/iam/vault"
	"halfkey/orgs"
)

// cliPatience is how long a call at a distance may take.
const cliPatience = 2 * time.Minute

// openAPI gives the client for a verb of the command line: of the server that
// --server names, or else of the house itself, opened for this one call.
func openAPI(c *cobra.Command) (*http.Client, string, func() error, error) {
	config, err := loadFor(c)
	if err != nil {
		return nil, "", nil, err
	}
	server, _ := c.Flags().GetString("server")
	if server == "" {
		return openHouse(c, config)
	}
	base, err := orgs.ParseBaseURL(server)
	if err != nil {
		return nil, "", nil, fmt.Errorf("--server is an address like https://halfkey.example or http://localhost:8080")
	}
	token, err := tokenOf(c, os.Getenv)
	if err != nil {
		return nil, "", nil, err
	}
	if !config.AcceptPlain && !lockedLine(base) {
		return nil, "", nil, errors.New("the token would be read on the way: use https, or --accept-plain-http on a network that you trust")
	}
	client := &http.Client{Timeout: cliPatience, Transport: shown{token, http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client, base, func() error { return nil }, nil
}

// tokenOf finds the token for a server: in the file that is named, or in the
// environment, never on the command line, which others can read.
func tokenOf(c *cobra.Command, env func(string) string) (vault.Secret, error) {
	text := env(prefix + "TOKEN")
	if file, _ := c.Flags().GetString("token-file"); file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		text = string(raw)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("--server needs a token: in %sTOKEN, or in a file named by --token-file", prefix)
	}
	return vault.Secret(text), nil
}

// lockedLine tells whether nobody reads on the way to an address.
func lockedLine(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "https" {
		return err == nil
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// shown adds the token to each request.
type shown struct {
	token vault.Secret
	over  http.RoundTripper
}

func (s shown) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	return s.over.RoundTrip(r)
}

package agenttoken

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"halfkey/connectors"
)

// A login is an account somewhere, and a pass what it was given for an hour or so.
type login struct{ base, id, secret string }

type pass struct {
	token string
	until time.Time
}

const (
	early     = time.Minute // before its end a pass is given up
	maxLogins = 256
)

// call makes one call as the account and reads a JSON answer into into, if there
// is one. A pass that is refused is given up and another one asked for, once: what
// is refused so was not done.
func (s *Service) call(ctx context.Context, a connectors.Access, method, path, etag string, body, into any) error {
	fresh := false
	for {
		token, err := s.enter(ctx, a, fresh)
		if err != nil {
			return err
		}
		err = s.ask(ctx, a, method, path, etag, token, body, into)
		if !errors.Is(err, connectors.ErrAccount) || fresh {
			return err
		}
		fresh = true
	}
}

func (s *Service) ask(ctx context.Context, a connectors.Access, method, path, etag, token string, body, into any) error {
	var text io.Reader
	if body != nil {
		b, _ := json.Marshal(body) // texts always marshal
		text = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.Settings["base_url"]+"/api/agentmanagement/v3"+path, text)
	if err != nil {
		return fmt.Errorf("%w: the request cannot be made", connectors.ErrDenied)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if etag != "" {
		r.Header.Set("If-Match", etag)
	}
	return s.do(r, into)
}

// enter gives the account's pass.
func (s *Service) enter(ctx context.Context, a connectors.Access, fresh bool) (string, error) {
	who := login{a.Settings["base_url"], a.Settings["client_id"], a.Secret.Reveal()}
	s.mu.Lock()
	known, ok := s.logins[who]
	s.mu.Unlock()
	if ok && !fresh && time.Now().Before(known.until) {
		return known.token, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, who.base+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return "", fmt.Errorf("%w: the request cannot be made", connectors.ErrDenied)
	}
	r.SetBasicAuth(url.QueryEscape(who.id), url.QueryEscape(who.secret)) // RFC 6749 section 2.3.1
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var got struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	switch err := s.do(r, &got); {
	case errors.Is(err, connectors.ErrDenied):
		return "", fmt.Errorf("%w: %w", connectors.ErrAccount, err) // some answer 400 to who is not known
	case err != nil:
		return "", err
	case got.Token == "":
		return "", fmt.Errorf("%w: a login without a token", connectors.ErrUnsure)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, old := range s.logins {
		if len(s.logins) >= maxLogins || time.Now().After(old.until) {
			delete(s.logins, other)
		}
	}
	s.logins[who] = pass{got.Token, time.Now().Add(time.Duration(got.Expires)*time.Second - early)}
	return got.Token, nil
}

// do sends a request, once, and says what it came to.
func (s *Service) do(r *http.Request, into any) error {
	r.Header.Set("Accept", "application/json")
	r.GetBody = nil // never sent again by itself
	res, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", connectors.ErrUnsure, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if cause := outcome(res.StatusCode); cause != nil {
		return fmt.Errorf("%w: %s", cause, res.Status)
	}
	if err != nil {
		return fmt.Errorf("%w: the answer ended early: %w", connectors.ErrUnsure, err)
	}
	if into != nil && json.Unmarshal(answer, into) != nil {
		return fmt.Errorf("%w: the answer cannot be read", connectors.ErrUnsure)
	}
	return nil
}

// errConflict is said of what the agent's state stands against, and of a full account.
var errConflict = fmt.Errorf("%w: conflict", connectors.ErrQuota)

// outcome says what a status means: after any 4xx nothing was done.
func outcome(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return connectors.ErrAccount
	case status == http.StatusConflict:
		return errConflict
	case status == http.StatusTooManyRequests:
		return connectors.ErrPace
	case status == http.StatusNotFound, status == http.StatusGone:
		return connectors.ErrNotThere
	case status >= 300 && status < 500:
		return connectors.ErrDenied
	}
	return connectors.ErrUnsure
}

package thingspeak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"halfkey/connectors"
	"halfkey/iam/vault"
)

// List implements connectors.Service.
func (s *Service) List(ctx context.Context, a connectors.Access) ([]connectors.Outer, error) {
	// The one call for which the API takes the key in the URL only.
	body, err := s.call(ctx, a, http.MethodGet, "/channels.json?"+url.Values{"api_key": {a.Secret.Reveal()}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return parseList(body)
}

// Create implements connectors.Service. The mark lies in the metadata, which
// whoever holds the read key can see: it is a number that means nothing to others.
func (s *Service) Create(ctx context.Context, a connectors.Access, marker string, w connectors.Wish) (connectors.Outer, error) {
	form := formOf(a, w)
	form.Set("metadata", `{"halfkey_op":"`+marker+`"}`)
	for name, v := range form {
		if v[0] == "" {
			form.Del(name)
		}
	}
	return s.one(ctx, a, http.MethodPost, "/channels.json", form)
}

// Change implements connectors.Service.
func (s *Service) Change(ctx context.Context, a connectors.Access, id string, w connectors.Wish) (connectors.Outer, error) {
	return s.one(ctx, a, http.MethodPut, "/channels/"+url.PathEscape(id)+".json", formOf(a, w))
}

// Delete implements connectors.Service.
func (s *Service) Delete(ctx context.Context, a connectors.Access, id string) error {
	_, err := s.call(ctx, a, http.MethodDelete, "/channels/"+url.PathEscape(id)+".json", url.Values{"api_key": {a.Secret.Reveal()}})
	return err
}

func (s *Service) one(ctx context.Context, a connectors.Access, method, path string, form url.Values) (connectors.Outer, error) {
	body, err := s.call(ctx, a, method, path, form)
	if err != nil {
		return connectors.Outer{}, err
	}
	return parseChannel(body)
}

func (s *Service) call(ctx context.Context, a connectors.Access, method, path string, form url.Values) ([]byte, error) {
	return s.ask(ctx, a.Settings, method, path, form, "")
}

// ask makes one call and gives the answer's body, or what the call came to. The
// key, if there is one, is a channel's and goes in a header.
func (s *Service) ask(ctx context.Context, set connectors.Settings, method, path string, form url.Values, key vault.Secret) ([]byte, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, set["base_url"]+path, body)
	if err != nil {
		return nil, fmt.Errorf("%w: the request cannot be made", connectors.ErrDenied)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		r.Header.Set("X-THINGSPEAKAPIKEY", key.Reveal())
	}
	r.Header.Set("Accept", "application/json")
	r.GetBody = nil // never sent again by itself
	res, err := s.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", connectors.ErrUnsure, bare(err))
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if cause := outcome(res.StatusCode); cause != nil {
		return nil, fmt.Errorf("%w: %s", cause, res.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the answer ended early: %w", connectors.ErrUnsure, bare(err))
	}
	return answer, nil
}

// bare is a failure without the URL that it happened to, in which a key may stand.
func bare(err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = u.Err
	}
}

// outcome says what a status means: after any 4xx nothing was done.
func outcome(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized:
		return connectors.ErrAccount
	case status == http.StatusPaymentRequired, status == http.StatusForbidden, status == http.StatusConflict, status == http.StatusUnprocessableEntity:
		return connectors.ErrQuota
	case status == http.StatusTooManyRequests:
		return connectors.ErrPace
	case status == http.StatusNotFound, status == http.StatusGone:
		return connectors.ErrNotThere
	case status >= 300 && status < 500:
		return connectors.ErrDenied
	}
	return connectors.ErrUnsure
}

// said is a channel as the API writes it.
type said struct {
	ID       json.Number `json:"id"`
	Name     string      `json:"name"`
	Metadata string      `json:"metadata"`
	Public   bool        `json:"public_flag"`
	Last     int64       `json:"last_entry_id"`
	Field1   string      `json:"field1"`
	Field2   string      `json:"field2"`
	Field3   string      `json:"field3"`
	Field4   string      `json:"field4"`
	Field5   string      `json:"field5"`
	Field6   string      `json:"field6"`
	Field7   string      `json:"field7"`
	Field8   string      `json:"field8"`
	Keys     []struct {
		Key   string `json:"api_key"`
		Write bool   `json:"write_flag"`
	} `json:"api_keys"`
}

func parseList(body []byte) ([]connectors.Outer, error) {
	var all []said
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("%w: the list cannot be read", connectors.ErrUnsure)
	}
	list := make([]connectors.Outer, 0, len(all))
	for _, c := range all {
		o, err := c.outer()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

func parseChannel(body []byte) (connectors.Outer, error) {
	var c said
	if err := json.Unmarshal(body, &c); err != nil {
		return connectors.Outer{}, fmt.Errorf("%w: the answer cannot be read", connectors.ErrUnsure)
	}
	return c.outer()
}

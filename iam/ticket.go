package iam

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// ticketLife is how long somebody may take from one page to the next.
const ticketLife = 5 * time.Minute

// ErrTicket says that a page was answered too late, twice, or in another browser.
var ErrTicket = fault.New(fault.Unprocessable, "took-too-long", "That took too long, or was sent twice. Try once more.")

// ticket is a promise of ours that a browser carries from one page to the next.
// It is signed, so that any replica knows it again and nobody else makes one,
// and good for a short while, for one purpose and in one browser. Who spends it
// makes it good once. What it holds, its bearer may read.
type ticket struct {
	For  string          `json:"f"`
	User UserID          `json:"u,omitempty"`
	Ends int64           `json:"e"` // microseconds
	Data json.RawMessage `json:"d,omitempty"`
}

// issue signs a ticket for the browser that has this cookie.
func (s *Sessions) issue(what string, user UserID, data any, browser vault.Secret) (string, error) {
	t := ticket{For: what, User: user, Ends: Micros(s.Now().Add(ticketLife))}
	var err error
	if t.Data, err = json.Marshal(data); err != nil {
		return "", err
	}
	body, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(s.signTicket(body, browser)), nil
}

// redeem reads a ticket of ours, and what it holds into data; it fails with ErrTicket.
func (s *Sessions) redeem(text, what string, browser vault.Secret, data any) (ticket, error) {
	body, sum, ok := parseTicket(text)
	if !ok || browser == "" || !hmac.Equal(sum, s.signTicket(body, browser)) {
		return ticket{}, ErrTicket
	}
	var t ticket
	if err := json.Unmarshal(body, &t); err != nil || t.For != what || Micros(s.Now()) >= t.Ends {
		return ticket{}, ErrTicket
	}
	if err := json.Unmarshal(t.Data, data); err != nil {
		return ticket{}, ErrTicket
	}
	return t, nil
}

// spend makes a ticket useless from now on, on every replica. The second to
// spend it fails with ErrTicket.
func (s *Sessions) spend(ctx context.Context, text string, t ticket) error {
	sum := s.Vault.MAC("ticket-spent", []byte(text))
	res := s.DB.WithContext(ctx).Exec("INSERT INTO spent_tickets (ends_at, hash) VALUES (?, ?) ON CONFLICT DO NOTHING", t.Ends, sum)
	if res.Error != nil {
		return fmt.Errorf("spend a ticket: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrTicket
	}
	return nil
}

// parseTicket takes a ticket apart; only the one text that issue writes is one,
// for spend knows it by its text.
func parseTicket(text string) (body, sum []byte, ok bool) {
	b, m, ok := strings.Cut(text, ".")
	if !ok || len(text) > 8<<10 {
		return nil, nil, false
	}
	body, err := base64.RawURLEncoding.Strict().DecodeString(b)
	if err != nil || base64.RawURLEncoding.EncodeToString(body) != b {
		return nil, nil, false
	}
	sum, err = base64.RawURLEncoding.Strict().DecodeString(m)
	return body, sum, err == nil && base64.RawURLEncoding.EncodeToString(sum) == m
}

func (s *Sessions) signTicket(body []byte, browser vault.Secret) []byte {
	return s.Vault.MAC("ticket", []byte(browser.Reveal()), body)
}

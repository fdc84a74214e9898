package vault

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const dots = "••••••••"

var errBare = errors.New("vault: a secret goes to the database sealed, never as it is")

// Secret is a string that prints as dots: in fmt, slog, JSON and text alike.
// A database refuses it, so that it cannot be stored by mistake. Two things it
// cannot help: fmt asks no method of an unexported field, and JSON none of a
// map's key, so a Secret is never either of these.
type Secret string

// Reveal gives the secret itself. Each call is a place to look at in a review.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) Format(f fmt.State, _ rune)   { io.WriteString(f, dots) }
func (s Secret) String() string               { return dots }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(dots) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(dots), nil }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + dots + `"`), nil }

// Value refuses: see Vault.Seal.
func (s Secret) Value() (driver.Value, error) { return nil, errBare }

// Scan refuses: see Vault.Open.
func (s *Secret) Scan(any) error { return errBare }

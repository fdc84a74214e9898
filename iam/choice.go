package iam

import (
	"context"
	"fmt"

	"halfkey/iam/vault"
)

// Choice is what somebody who comes newly will sign in with: a passkey that was
// verified, or else a password.
type Choice struct {
	Password vault.Secret
	Passkey  *NewPasskey
}

// Fit says what is wrong with it. Names are words that a password must not lean on.
func (c Choice) Fit(p *Passwords, names ...string) error {
	if c.Passkey != nil {
		return nil
	}
	return p.Fit(c.Password, true, names...)
}

// Method is how its owner has proved who he is by choosing it.
func (c Choice) Method() Method {
	if c.Passkey != nil {
		return ByPasskey
	}
	return ByPassword
}

// Give makes it the way in of somebody who is about to be made. It costs a hash.
func (c Choice) Give(ctx context.Context, p *Passwords, n *NewUser) (err error) {
	if n.Passkey = c.Passkey; c.Passkey != nil {
		return nil
	}
	if n.PasswordHash, err = p.Hash(ctx, c.Password); err != nil {
		return fmt.Errorf("choose a password: %w", err)
	}
	return nil
}

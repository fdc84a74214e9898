package iam

import (
	"context"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
)

// ErrPersonNeeded says that a program wanted what only a person gets.
var ErrPersonNeeded = fault.New(fault.Refused, "person-needed", "Only a person can do that, not a service account.")

// PersonIn is the person who acts in ctx, with his own program or without. It
// fails with ErrPersonNeeded for a service account and whoever else.
func PersonIn(ctx context.Context) (UserID, error) {
	a := audit.ActorFrom(ctx)
	if a.Type != "user" || a.ID == "" {
		return "", ErrPersonNeeded
	}
	return UserID(a.ID), nil
}

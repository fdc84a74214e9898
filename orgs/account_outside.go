package orgs

import (
	"context"
	"slices"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
)

// Somebody who founds may bring an account at a service outside along, in which
// his devices' channels shall be. Whoever is not signed in may name such services
// only as whoever runs this Halfkey has listed (Service.Newcomers), and has keys
// tried only so often: the form is no way to make calls in our name.

// What can be wrong with such an account, besides what a test says.
var (
	ErrAccountAddress = fault.New(fault.Unprocessable, "account-address", "Accounts at that address cannot be brought along. Connect it later, under Connectors.")
	ErrAccountPace    = fault.New(fault.TooMany, "account-pace", "Keys were tried very often. Go on without, and connect the account later, under Connectors.")
)

// Bounds of the tests for strangers.
const (
	triesOfOne = 20 // an hour, from one network
	triesOfAll = 60 // a minute, all together
)

// AccountAt is a ThingSpeak account at that address, as ReadFounding and
// TryAccount take it.
func AccountAt(address string, key vault.Secret) *connectors.Draft {
	return &connectors.Draft{Service: thingspeak.Provider, Name: "ThingSpeak", Settings: connectors.Settings{"base_url": address}, Secret: key}
}

// TryAccount tells what the service says to the account that somebody wants to
// bring along. Nothing is kept. It fails with ErrSignUpClosed, ErrAccountAddress,
// ErrAccountPace and as Desk.Try does.
func (s *Service) TryAccount(ctx context.Context, w connectors.Draft, source string) (connectors.Report, error) {
	if err := s.signUpOpen(ctx); err != nil {
		return connectors.Report{}, err
	}
	if err := s.mayBring(w); err != nil {
		return connectors.Report{}, err
	}
	if ok, wait := s.Sessions.Limits.Allow("account|"+source, triesOfOne, time.Hour); !ok {
		return connectors.Report{}, ErrAccountPace.Retry(wait)
	}
	if ok, wait := s.Sessions.Limits.Allow("account", triesOfAll, time.Minute); !ok {
		return connectors.Report{}, ErrAccountPace.Retry(wait)
	}
	return s.Desk.Try(ctx, w)
}

func (s *Service) mayBring(w connectors.Draft) error {
	switch {
	case s.Desk == nil || w.Service != thingspeak.Provider || !slices.Contains(s.Newcomers, w.Settings["base_url"]):
		return ErrAccountAddress
	case w.Secret == "":
		return connectors.ErrSecret
	}
	return nil
}

package devices

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/devices/seal"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/orgs"
)

// attempts is how often a registration looks at a serial anew because another
// request for it was faster.
const attempts = 8

// errRaced says that the facts changed between the look and the deed.
var errRaced = errors.New("another request was faster")

// held is a registration key whose caller may go on: found, proved, not revoked.
type held struct {
	orgs.Key
	first  string
	second vault.Secret
	keys   seal.Keys
}

// Register lets a device aboard, or tells it again what it was told, or asks
// its owner. The state of the serial alone decides: a request that comes twice
// does nothing twice. Failures are ErrRefused, ErrTooMany and ErrUnavailable,
// or a *wire.FormError for a token whose time has passed.
func (s *Service) Register(ctx context.Context, c Call) (Answer, error) {
	if c.Token != nil {
		if err := c.Token.CheckTime(s.Now()); err != nil {
			return Answer{}, err
		}
	}
	if err := s.admit(c); err != nil {
		return Answer{}, err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "device", ID: string(c.Serial), Name: string(c.Serial)})
	key, cause, err := s.prove(ctx, c)
	if err != nil {
		return Answer{}, ErrUnavailable.Because(err)
	}
	if cause != "" {
		return Answer{}, s.refuse(ctx, c, key, cause)
	}
	for range attempts {
		answer, err := s.answer(ctx, c, &key)
		if !errors.Is(err, errRaced) && !clashed(err) {
			return answer, said(err)
		}
		if err := s.settled(ctx); err != nil {
			return Answer{}, said(err)
		}
	}
	return Answer{}, ErrUnavailable.Because(fmt.Errorf("register %s: %w", c.Serial, errRaced))
}

// clashed tells that PostgreSQL took a deed back because it and another waited
// for each other. Nothing of it stayed, so it may be tried again.
func clashed(err error) bool {
	e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	return ok && (e.SQLState() == "40P01" || e.SQLState() == "40001")
}

// settled waits until the deeds that were faster are there to be read: the
// writer's batch, in which this empty one takes part, is then on disk.
func (s *Service) settled(ctx context.Context) error {
	return s.DB.WithContext(ctx).Transaction(func(*gorm.DB) error { return nil })
}

// prove finds the key that the first half names and looks at the proof. Every
// refusal takes the same steps: where no key is found, FindKey gives a decoy to
// derive from and compare with.
func (s *Service) prove(ctx context.Context, c Call) (k held, cause string, err error) {
	k.first = c.First
	k.Key, k.second, err = s.Orgs.FindKey(ctx, s.DB, c.First)
	unknown := errors.Is(err, orgs.ErrKeyUnknown)
	if err != nil && !unknown {
		return k, "", err
	}
	k.keys = seal.Derive(c.First, k.second.Reveal())
	proved := c.Door == Simple || c.Token.Verify(k.keys.Auth[:])
	switch {
	case unknown:
		cause = "key-unknown"
	case !proved:
		cause = "proof-wrong"
	case k.Dead(s.Now()):
		cause = "key-revoked"
	case c.Door == Simple && !k.SimpleDoor:
		cause = "door-closed"
	}
	return k, cause, nil
}

// answer looks at the serial, decides, and does it.
func (s *Service) answer(ctx context.Context, c Call, key *held) (Answer, error) {
	known, f, err := s.look(ctx, s.DB.WithContext(ctx), c, *key)
	if err != nil {
		return Answer{}, err
	}
	if known.unused(s.Now()) {
		if err := s.drop(ctx, known.Device); err != nil {
			return Answer{}, err
		}
		if known.Key == key.ID {
			key.Uses-- // given back, which what is remembered of the key does not know
		}
		return Answer{}, errRaced
	}
	k := *key
	var h handout
	outcome := Known
	switch v := decide(f); v.act {
	case refuse:
		return Answer{}, s.refuse(ctx, c, k, v.cause)
	case ask:
		return waitingAnswer(), s.ask(ctx, c, k, known, f)
	case board, replace:
		outcome = Boarded
		h, err = s.board(ctx, c, k, known, v)
	case renew:
		if v.cause == "accepted" {
			outcome = Boarded
		}
		h, err = s.renew(ctx, c, k, known, v.cause)
	case again:
		if h, err = s.same(ctx, known); err == nil {
			err = s.provisioned(ctx, known)
		}
	}
	if errors.Is(err, errLost) {
		return Answer{}, s.revive(ctx, known)
	}
	if errors.Is(err, errProvisioning) || err == nil && (h.channel.Pending || h.agent.Pending) {
		return Answer{Outcome: Waiting, RetryAfter: askForChannel}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	sealed, err := s.sealed(c, k, h)
	return Answer{Outcome: outcome, Sealed: sealed}, err
}

// refuse notes why, and says always the same.
func (s *Service) refuse(ctx context.Context, c Call, k held, cause string) error {
	s.countRefusal(c)
	if s.Trail != nil {
		s.Trail.Refuse(ctx, audit.Refusal{Tenant: string(k.Tenant), Org: string(k.Org), Source: c.Source, Cause: cause,
			Verb: "device.register", ObjectType: "serial", ObjectID: string(c.Serial)})
	}
	return ErrRefused
}

// said passes on what a device may hear, and turns our own trouble into a
// request to come again.
func said(err error) error {
	if err == nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrTooMany) {
		return err
	}
	return ErrUnavailable.Because(err)
}

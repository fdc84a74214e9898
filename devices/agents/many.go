package agents

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// AtOnce is how many agents CreateAll makes at most.
const AtOnce = 500

// What can be wrong with a list of agents.
var (
	ErrMany      = fault.New(fault.Unprocessable, "agents-wrong", "Some of the agents cannot be made.")
	ErrLine      = fault.New(fault.Unprocessable, "agents-line", "This line cannot be read: it has a name, a profile and perhaps a place.")
	ErrLinePlace = fault.New(fault.Unprocessable, "agents-line-place", "There is no place of this name where you may make agents, or more than one.")
)

// errTried takes back what was only tried.
var errTried = errors.New("tried")

// CreateAll makes many agents in one transaction, or tells which of them cannot
// be made and why, by their number from 0: then it makes none, unless the good
// ones are wanted. With try it makes none in any case. What it gives is those
// that were made, or would have been.
func (s *Service) CreateAll(ctx context.Context, wishes []Wish, good, try bool) (made []Agent, wrong map[int]*fault.Fault, err error) {
	if len(wishes) > AtOnce {
		return nil, nil, ErrMany.At("agents", fmt.Sprintf("are more than %d", AtOnce))
	}
	wrong = map[int]*fault.Fault{}
	rows, firsts := make([]*row, len(wishes)), make([]initial, len(wishes))
	terms := map[string]Terms{}
	for i, w := range wishes {
		if rows[i], firsts[i], err = s.prepare(ctx, w); err != nil {
			if err = blame(wrong, i, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		if terms[string(rows[i].Tenant)], err = s.TermsOf(ctx, rows[i].Tenant); err != nil {
			return nil, nil, err
		}
	}
	var came []*row
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		came = came[:0]
		for i, r := range rows {
			if wrong[i] != nil {
				continue
			}
			err := tx.Transaction(func(tx *gorm.DB) error {
				if err := roomFor(tx, r.Tenant, terms[string(r.Tenant)].Size); err != nil {
					return err
				}
				return s.createIn(ctx, tx, r, firsts[i])
			})
			if err != nil {
				if err = blame(wrong, i, err); err != nil {
					return err
				}
				continue
			}
			came = append(came, r)
		}
		if try || len(wrong) > 0 && !good {
			return errTried
		}
		return nil
	})
	if errors.Is(err, errTried) {
		for _, r := range came {
			made = append(made, r.agent())
		}
		return made, wrong, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("create %d agents: %w", len(wishes), err)
	}
	for _, r := range came {
		made = append(made, r.agent())
		s.Devices.Changed(r.device())
	}
	return made, wrong, nil
}

// blame notes what the caller may hear; whatever else failed ends it all.
func blame(wrong map[int]*fault.Fault, i int, err error) error {
	switch f := fault.Of(err); f.Kind {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		return err
	default:
		wrong[i] = f
	}
	return nil
}

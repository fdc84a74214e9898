package agents

import (
	"context"
	"time"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
)

// Bounds are the limits of the agents' doors, for each agent and the address
// that it calls from: who sends junk in an agent's name does not keep it out.
type Bounds struct {
	Tokens   int // a minute
	Renewals int // a minute
	Calls    int // of the other doors, a minute
}

// DefaultBounds leave room for how clients retry: one whose answers get lost
// sends twenty renewals and ten token requests within a minute.
var DefaultBounds = Bounds{Tokens: 60, Renewals: 60, Calls: 1200}

// ErrTooMany says that the agent has asked too often. Nobody is locked: the next
// minute begins anew.
var ErrTooMany = fault.New(fault.TooMany, "agent-too-many", "Too many requests. Try again in a minute.")

func (s *Service) bounds() Bounds {
	if s.Bounds == (Bounds{}) {
		return DefaultBounds
	}
	return s.Bounds
}

func (s *Service) admit(door, agent string, by Caller, most int) error {
	if ok, after := s.Limits.Allow("agent-"+door+"|"+agent+"|"+by.Source, most, time.Minute); !ok {
		return ErrTooMany.Retry(after)
	}
	return nil
}

// Admit counts a call of an agent that has shown its access token.
func (s *Service) Admit(a Agent, by Caller) error {
	return s.admit("call", string(a.ID), by, s.bounds().Calls)
}

// refuse notes the true cause in the trail and gives answer, which says nothing of it.
func (s *Service) refuse(ctx context.Context, verb string, r *row, id ID, cause string, by Caller, answer *fault.Fault) error {
	refusal := audit.Refusal{Source: by.Source, Cause: cause, Verb: verb, ObjectType: "agent", ObjectID: string(id)}
	if r != nil {
		refusal.Tenant, refusal.Org, refusal.ObjectType, refusal.ObjectID = string(r.Tenant), string(r.Org), "device", string(r.Device)
	}
	s.Trail.Refuse(ctx, refusal)
	return answer
}

package orgs

import (
	"context"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// Enter finds out who shows a token, and gives the context in which he acts,
// cut to what the token was made for. source is the caller's network. It fails
// with iam.ErrToken or iam.ErrTokenResting.
func (m Machines) Enter(ctx context.Context, text, source string) (context.Context, iam.Bearer, error) {
	b, err := m.Tokens.Find(ctx, text, source)
	if err != nil {
		return ctx, b, err
	}
	return m.enter(ctx, b, source)
}

// Authenticate is Enter for a door that asks for a client id and a secret: a
// service account's id, and one of its tokens.
func (m Machines) Authenticate(ctx context.Context, id, secret, source string) (context.Context, iam.Bearer, error) {
	b, err := m.Tokens.Find(ctx, secret, source)
	if err != nil {
		return ctx, b, err
	}
	if b.Holder != (iam.Holder{Type: string(policies.Service), ID: id}) {
		return ctx, iam.Bearer{}, m.Tokens.TurnAway(ctx, b, source, "token of somebody else")
	}
	return m.enter(ctx, b, source)
}

// EnterAgain is Enter for who has shown the token before and holds something
// that was given for it: both end together.
func (m Machines) EnterAgain(ctx context.Context, token iam.TokenID, source string) (context.Context, iam.Bearer, error) {
	b, err := m.Tokens.FindAgain(ctx, token)
	if err != nil {
		return ctx, b, err
	}
	return m.enter(ctx, b, source)
}

func (m Machines) enter(ctx context.Context, b iam.Bearer, source string) (context.Context, iam.Bearer, error) {
	if b.Holder.Type == string(policies.Service) && !m.mayHave(ctx, b.Person, b.MadeBy, b.Org) {
		return ctx, iam.Bearer{}, m.Tokens.TurnAway(ctx, b, source, "the owner may not have it any more")
	}
	in := iam.WithBearer(audit.WithActor(ctx, b.Actor()), b)
	if b.Holder.Type == string(policies.Person) {
		in = policies.WithAssurance(in, b.Assurance)
	}
	if b.CutRole == "" && b.CutOrg == "" {
		return in, b, nil
	}
	cut := policies.Cut{Org: b.CutOrg}
	if b.CutRole != "" {
		if cut.Actions = m.Orgs.Decider.Gives(policies.Role(b.CutRole)); cut.Actions == 0 { // which would stand for everything
			return ctx, iam.Bearer{}, m.Tokens.TurnAway(ctx, b, source, "cut to a role that is no more")
		}
	}
	return policies.WithCut(in, cut), b, nil
}

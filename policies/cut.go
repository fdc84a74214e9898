package policies

import (
	"context"

	"halfkey/iam"
)

// Cut narrows what somebody may do for as long as a context lives: to what a
// token was made for, or to looking, when it is through another's eyes.
type Cut struct {
	Actions Actions   // nothing else; 0 stands for everything
	Org     iam.OrgID // nowhere but here and below; "" for everywhere
}

type cutKey struct{}

// WithCut narrows ctx. A second cut narrows it further: both hold.
func WithCut(ctx context.Context, c Cut) context.Context {
	return context.WithValue(ctx, cutKey{}, append(cutsIn(ctx), c))
}

func cutsIn(ctx context.Context) []Cut {
	cuts, _ := ctx.Value(cutKey{}).([]Cut)
	return cuts[:len(cuts):len(cuts)]
}

// uncut is ctx for judging somebody else than who acts in it.
func uncut(ctx context.Context) context.Context {
	return context.WithValue(ctx, cutKey{}, []Cut(nil))
}

// Whole tells whether who acts in ctx does so as himself, not through a token that
// was cut nor through another's eyes: what is his own is his to see and to give up.
func Whole(ctx context.Context) bool { return len(cutsIn(ctx)) == 0 }

// kept is what the cuts leave of may at the line's organisation.
func kept(ctx context.Context, may Actions, l line) Actions {
	for _, c := range cutsIn(ctx) {
		if c.Actions != 0 {
			may &= c.Actions
		}
		if c.Org != "" && l.at(c.Org) < 0 {
			may = 0
		}
	}
	return may
}

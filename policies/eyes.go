package policies

import (
	"context"

	"halfkey/iam"
)

type eyesKey struct{}

// WithEyes makes everything that follows be judged as though user asked, who
// looks and does no more, within org. Who really acts stays on the record.
func WithEyes(ctx context.Context, user iam.UserID, org iam.OrgID) context.Context {
	return WithCut(context.WithValue(ctx, eyesKey{}, user), Cut{Actions: Looking, Org: org})
}

func eyesIn(ctx context.Context) iam.UserID {
	user, _ := ctx.Value(eyesKey{}).(iam.UserID)
	return user
}

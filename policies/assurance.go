package policies

import (
	"context"

	"halfkey/iam"
)

type assuranceKey struct{}

// WithAssurance says how well the person who acts in ctx has proved who he is.
// Without it nothing is asked of him: programs and jobs prove themselves otherwise.
func WithAssurance(ctx context.Context, a iam.Assurance) context.Context {
	return context.WithValue(ctx, assuranceKey{}, a)
}

// proved reports whether who acts in ctx has proved himself as well as asked.
func proved(ctx context.Context, asks iam.Assurance) bool {
	a, said := ctx.Value(assuranceKey{}).(iam.Assurance)
	return !said || a >= asks
}

// Proved reports whether who acts in ctx has signed in as well as a place with
// that setting of min_credential asks.
func Proved(ctx context.Context, setting string) bool { return proved(ctx, asked(setting)) }

// asked is what a place's setting min_credential means.
func asked(setting string) iam.Assurance {
	switch setting {
	case "mfa":
		return iam.TwoFactors
	case "passkey":
		return iam.Passkey
	}
	return 0
}

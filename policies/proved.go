package policies

import "context"

// Proved reports whether who acts in ctx has signed in as well as a place with
// that setting of min_credential asks.
func Proved(ctx context.Context, setting string) bool { return proved(ctx, asked(setting)) }

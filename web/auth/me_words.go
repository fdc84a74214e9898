package auth

import (
	"context"
	"strings"

	"halfkey/iam"
	"halfkey/web/ui"
)

func lines(all []string) string { return strings.Join(all, "\n") }

// nag says what else one should set up.
func nag(ctx context.Context, w iam.Ways) string {
	if w.Password {
		return ui.T(ctx, "me.nag.password")
	}
	return ui.T(ctx, "me.nag.passkey")
}

func passwordText(ctx context.Context, w iam.Ways) string {
	if w.Password {
		return ui.T(ctx, "me.password.is")
	}
	return ui.T(ctx, "me.password.none")
}

func passwordHint(ctx context.Context, w iam.Ways) string {
	if !w.App.IsZero() {
		return ui.T(ctx, "me.password.hint.app")
	}
	return ui.T(ctx, "auth.password.hint")
}

func passwordDo(ctx context.Context, w iam.Ways) string {
	if w.Password {
		return ui.T(ctx, "me.password.change")
	}
	return ui.T(ctx, "me.password.set")
}

func methodWords(ctx context.Context, by iam.Method) string {
	switch by {
	case iam.ByPasskey:
		return ui.T(ctx, "me.by.passkey")
	case iam.ByCode:
		return ui.T(ctx, "me.by.code")
	case iam.ByRecoveryCode:
		return ui.T(ctx, "me.by.recovery")
	case iam.ByLink:
		return ui.T(ctx, "me.by.link")
	case iam.ByOIDC:
		return ui.T(ctx, "me.by.oidc")
	}
	return ui.T(ctx, "me.by.password")
}

package show

import (
	"context"

	"halfkey/orgs"
	"halfkey/web/ui"
)

// Secret is what kind of secret somebody has seen, as it stands in a sentence.
func Secret(ctx context.Context, k orgs.KeyKind) string {
	switch k {
	case orgs.RegistrationKey:
		return ui.T(ctx, "admin.secret.registration-key")
	case orgs.WriteKey:
		return ui.T(ctx, "admin.secret.write-key")
	}
	return ui.T(ctx, "admin.secret.read-key")
}

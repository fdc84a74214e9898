package ui

import "context"

// StateWord is a state's word in the request's language.
func StateWord(ctx context.Context, state string) string {
	switch state {
	case "live":
		return T(ctx, "ui.state.live")
	case "late":
		return T(ctx, "ui.state.late")
	case "silent":
		return T(ctx, "ui.state.silent")
	case "asking":
		return T(ctx, "ui.state.asking")
	case "paused":
		return T(ctx, "ui.state.paused")
	case "offboarded":
		return T(ctx, "ui.state.offboarded")
	default:
		return T(ctx, "ui.state.waiting")
	}
}

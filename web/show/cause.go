package show

import (
	"context"

	"halfkey/devices"
	"halfkey/web/ui"
)

// ConnectorCause is what a call to a service came to, in words.
func ConnectorCause(ctx context.Context, cause string) string {
	switch cause {
	case "account":
		return ui.T(ctx, "connector.cause.account")
	case "quota":
		return ui.T(ctx, "connector.cause.quota")
	case "pace":
		return ui.T(ctx, "connector.cause.pace")
	case "not-there":
		return ui.T(ctx, "connector.cause.gone")
	case "denied":
		return ui.T(ctx, "connector.cause.denied")
	}
	return ui.T(ctx, "connector.cause.unsure")
}

// HookAnswer is what came back from a webhook, in words.
func HookAnswer(ctx context.Context, answer string) string {
	switch answer {
	case "inward":
		return ui.T(ctx, "view.hook.inward")
	case "slow":
		return ui.T(ctx, "view.hook.slow")
	case "unreachable", "address", "":
		return ui.T(ctx, "view.hook.unreachable")
	}
	return answer
}

func silenceCause(ctx context.Context, cause devices.Cause) string {
	switch cause {
	case devices.CausePaused:
		return ui.T(ctx, "doctor.silent.paused")
	case devices.CauseAsks:
		return ui.T(ctx, "view.silent.asks")
	case devices.CauseMute:
		return ui.T(ctx, "view.silent.mute")
	case devices.CauseOldKey:
		return ui.T(ctx, "view.silent.oldkey")
	case devices.CauseNoKey:
		return ui.T(ctx, "view.silent.nokey")
	case devices.CausePlace:
		return ui.T(ctx, "view.silent.place")
	case devices.CauseStopped:
		return ui.T(ctx, "view.silent.stopped")
	case devices.CauseLost:
		return ui.T(ctx, "view.silent.lost")
	case devices.CauseUnread:
		return ui.T(ctx, "copy.silent")
	case devices.CauseTrouble:
		return ui.T(ctx, "view.silent.trouble")
	}
	return ui.T(ctx, "view.silent.unheard")
}

// JobWord is what a kind of job does.
func JobWord(ctx context.Context, kind string) string {
	switch kind {
	case "letter":
		return ui.T(ctx, "doctor.job.letter")
	case "webhook":
		return ui.T(ctx, "doctor.job.webhook")
	case "audit-export":
		return ui.T(ctx, "doctor.job.export")
	case "audit-check":
		return ui.T(ctx, "doctor.job.check")
	case "keep":
		return ui.T(ctx, "doctor.job.keep")
	case "sweep":
		return ui.T(ctx, "doctor.job.sweep")
	case "readings":
		return ui.T(ctx, "copy.job")
	case "connectors":
		return ui.T(ctx, "doctor.job.connectors")
	case "bulk":
		return ui.T(ctx, "doctor.job.bulk")
	case "rhythm":
		return ui.T(ctx, "doctor.job.rhythm")
	}
	return kind
}

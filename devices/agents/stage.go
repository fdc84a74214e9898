package agents

import (
	"time"

	"halfkey/devices"
)

// A Stage is where an agent stands, for lists: with Waiting and Late its initial
// token works or is over, with Aboard and Lapsed its credentials.
type Stage string

// Stages, in the order in which an agent goes through them.
const (
	Waiting Stage = "waiting"
	Late    Stage = "late"
	Aboard  Stage = "aboard"
	Lapsed  Stage = "lapsed"
	Paused  Stage = "paused"
)

// Stages are all of them.
var Stages = []Stage{Waiting, Late, Aboard, Lapsed, Paused}

// ParseStage takes a stage's word; "" for what is none.
func ParseStage(s string) Stage {
	for _, known := range Stages {
		if s == string(known) {
			return known
		}
	}
	return ""
}

// Stage says where the agent stands at a moment.
func (a Agent) Stage(now time.Time) Stage {
	switch {
	case a.State == devices.Suspended:
		return Paused
	case !a.Onboarded.IsZero() && now.Before(a.Expires):
		return Aboard
	case !a.Onboarded.IsZero():
		return Lapsed
	case now.Before(a.InitialTo):
		return Waiting
	}
	return Late
}

// Until is when the stage ends by itself: the end of the initial token or of the
// credentials; zero where nothing ends.
func (a Agent) Until() time.Time {
	if a.Onboarded.IsZero() {
		return a.InitialTo
	}
	return a.Expires
}

// sql is the stage as a condition on agents and their devices.
func (s Stage) sql(now int64) (string, []any) {
	const stands = "d.state <> 'suspended' AND "
	switch s {
	case Waiting:
		return stands + "a.onboarded_at IS NULL AND a.iat_expires_at > ?", []any{now}
	case Late:
		return stands + "a.onboarded_at IS NULL AND (a.iat_expires_at IS NULL OR a.iat_expires_at <= ?)", []any{now}
	case Aboard:
		return stands + "a.onboarded_at IS NOT NULL AND a.expires_at > ?", []any{now}
	case Lapsed:
		return stands + "a.onboarded_at IS NOT NULL AND a.expires_at <= ?", []any{now}
	case Paused:
		return "d.state = 'suspended'", nil
	}
	return "", nil
}

package connectors

import (
	"context"
	"slices"
	"strconv"
	"time"

	"halfkey/connectors"
	"halfkey/web/ui"
)

// failed counts the calls that came to nothing.
func failed(calls []connectors.Call) (n int) {
	for _, k := range calls {
		if k.Failed() {
			n++
		}
	}
	return n
}

// speed is how long a service takes to answer, as a rule and at most; "" where
// nobody has asked it yet.
func speed(calls []connectors.Call) (middle, longest string) {
	var took []time.Duration
	for _, k := range calls {
		took = append(took, k.Took)
	}
	if len(took) == 0 {
		return "", ""
	}
	slices.Sort(took)
	return tookWord(took[len(took)/2]), tookWord(took[len(took)-1])
}

// tookWord is a short time: 85 ms, 2.3 s.
func tookWord(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(max(d.Milliseconds(), 1), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// callOutcome is what came back, and its badge.
func callOutcome(ctx context.Context, k connectors.Call) (kind, word string) {
	switch k.Outcome {
	case connectors.CallSlow:
		return "bad", ui.T(ctx, "connector.calls.slow")
	case connectors.CallCut:
		return "bad", ui.T(ctx, "connector.calls.cut")
	case connectors.CallShut:
		return "bad", ui.T(ctx, "connector.calls.shut")
	}
	if k.Failed() {
		return "bad", k.Outcome
	}
	return "good", k.Outcome
}

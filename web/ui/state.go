package ui

import (
	"context"
	"io"
	"time"

	"github.com/a-h/templ"
)

// shapes are drawn in a box of 12 by 12; colour comes from the state's class.
var shapes = map[string]string{
	"live":       `<circle cx="6" cy="6" r="5" fill="currentColor"></circle>`,
	"late":       `<path d="M6 0l6 6-6 6-6-6z" fill="currentColor"></path>`,
	"silent":     `<circle cx="6" cy="6" r="4.500" fill="none" stroke="currentColor" stroke-width="2"></circle>`,
	"waiting":    `<circle cx="6" cy="6" r="4.500" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="2.500 2.200"></circle>`,
	"asking":     `<path d="M6 0l6 11H0z" fill="currentColor"></path>`,
	"paused":     `<path d="M2 1h3v10H2zM7 1h3v10H7z" fill="currentColor"></path>`,
	"offboarded": `<path d="M1.500 1.500l9 9m0-9l-9 9" fill="none" stroke="currentColor" stroke-width="2"></path>`,
}

// StateWord is a state's word in the request's language; an unknown state waits.
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

// State says how a device is, with shape, colour and word: "live", "late",
// "silent", "waiting", "asking" (wants to join), "paused", "offboarded". since
// is the time of the last reading or change; zero: none.
func State(state string, since time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := w.Write(AppendState(ctx, make([]byte, 0, 640), state, since))
		return err
	})
}

// AppendState is State for lists, which have many.
func AppendState(ctx context.Context, out []byte, state string, since time.Time) []byte {
	if shapes[state] == "" {
		state = "waiting"
	}
	out = append(out, `<span class="state state-`...)
	out = append(out, state...)
	out = append(out, `"><svg class="state-shape" viewBox="0 0 12 12" aria-hidden="true" focusable="false">`...)
	out = append(out, shapes[state]...)
	out = append(out, `</svg><span class="state-word">`...)
	out = append(out, StateWord(ctx, state)...)
	out = append(out, `</span>`...)
	if !since.IsZero() {
		out = append(out, `<span class="state-since">`...)
		out = append(appendTime(ctx, out, since), `</span>`...)
	}
	return append(out, `</span>`...)
}

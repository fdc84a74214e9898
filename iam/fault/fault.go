// Package fault says what went wrong in words that the caller may hear. A fault
// has a kind, a stable code and a sentence; it is declared once, as a value,
// beside the verb that it belongs to, travels up wrapped, and each door turns
// it into its own answer. The package knows nothing of HTTP beyond a number.
package fault

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Fault is a failure with a name. Copies made by At, Because and Retry still
// answer errors.Is for the value that they were made from: the code is the name.
type Fault struct {
	Kind       Kind
	Code       string        // stable, in kebab-case, e.g. "device-unknown"
	Sentence   string        // safe to show to whoever asked
	Fields     []Field       // what is wrong where, for forms and JSON bodies
	RetryAfter time.Duration // zero when there is nothing to wait for
	cause      error         // for the log only
}

// Field is one thing wrong in the input: Where names it as the caller did.
type Field struct {
	Where string
	What  string
}

// New declares a fault. The sentence must be fit for a stranger's eyes.
func New(kind Kind, code, sentence string) *Fault {
	return &Fault{Kind: kind, Code: code, Sentence: sentence}
}

// Error gives code, sentence, fields and cause, for logs and not for callers.
func (f *Fault) Error() string {
	s := f.Code + ": " + f.Sentence
	for _, e := range f.Fields {
		s += " [" + e.Where + ": " + e.What + "]"
	}
	if f.cause != nil {
		s += " (" + f.cause.Error() + ")"
	}
	return s
}

// Unwrap gives the cause set by Because.
func (f *Fault) Unwrap() error { return f.cause }

// Is compares by code, so that a copy with details is still the declared fault.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// At returns a copy that also names one wrong field.
func (f *Fault) At(where, what string) *Fault {
	c := *f
	c.Fields = append(slices.Clip(c.Fields), Field{where, what})
	return &c
}

// Because returns a copy that carries err for the log; the caller never hears it.
func (f *Fault) Because(err error) *Fault {
	c := *f
	c.cause = err
	return &c
}

// Retry returns a copy that tells the caller when to come back.
func (f *Fault) Retry(after time.Duration) *Fault {
	c := *f
	c.RetryAfter = after
	return &c
}

var (
	internal = New(Internal, "internal", "Something went wrong on our side.")
	late     = New(Unavailable, "busy", "The server is busy. Try again in a moment.").Retry(2 * time.Second)
)

// MayNot tells whether err is a refusal, open or hidden, which a page that shows
// more than what was refused shows as nothing.
func MayNot(err error) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && (f.Kind == Refused || f.Kind == NotFound)
}

// Of finds the fault in err. What nobody declared is Internal; an expired
// deadline, a database that is away, or an error that says so itself
// (Unavailable() bool), is Unavailable. Of(nil) is nil.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	if u, ok := errors.AsType[interface {
		error
		Unavailable() bool
	}](err); (ok && u.Unavailable()) || errors.Is(err, context.DeadlineExceeded) || away(err) {
		return late.Because(err)
	}
	return internal.Because(err)
}

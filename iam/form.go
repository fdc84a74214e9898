package iam

import (
	"errors"

	"halfkey/iam/fault"
)

// ErrForm gathers what is wrong with the fields of a form.
var ErrForm = fault.New(fault.Unprocessable, "form", "Some of this needs another look.")

// Form collects the faults of several fields, so that all are told at once.
type Form struct {
	found   *fault.Fault
	trouble error // of our own: nothing that whoever filled the form in could mend
}

// Check notes err, if there is one, under the field's name. An error that nobody
// declared as a fault says nothing of the field: Err gives it as it came.
func (f *Form) Check(where string, err error) {
	if err == nil {
		return
	}
	told, declared := errors.AsType[*fault.Fault](err)
	if !declared {
		f.trouble = errors.Join(f.trouble, err)
		return
	}
	if f.found == nil {
		f.found = ErrForm
	}
	f.found = f.found.At(where, told.Sentence)
}

// Err is nil when every field was well.
func (f *Form) Err() error {
	switch {
	case f.trouble != nil:
		return f.trouble
	case f.found != nil:
		return f.found
	}
	return nil
}

// Wrong is a form with one wrong field.
func Wrong(where string, err error) error {
	var f Form
	f.Check(where, err)
	return f.Err()
}

package iam

import "halfkey/iam/fault"

// ErrForm gathers what is wrong with the fields of a form.
var ErrForm = fault.New(fault.Unprocessable, "form", "Some of this needs another look.")

// Form collects the faults of several fields, so that all are told at once.
type Form struct{ found *fault.Fault }

// Check notes err, if there is one, under the field's name.
func (f *Form) Check(where string, err error) {
	if err == nil {
		return
	}
	if f.found == nil {
		f.found = ErrForm
	}
	f.found = f.found.At(where, fault.Of(err).Sentence)
}

// Err is nil when every field was well.
func (f *Form) Err() error {
	if f.found == nil {
		return nil
	}
	return f.found
}

// Wrong is a form with one wrong field.
func Wrong(where string, err error) error {
	var f Form
	f.Check(where, err)
	return f.Err()
}

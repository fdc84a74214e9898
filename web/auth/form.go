package auth

import (
	"errors"

	"halfkey/iam/fault"
	"halfkey/web/ui"
)

// wrongs is what is wrong with a form, in its fields' order.
type wrongs []fault.Field

// of is the sentence for a field, or "".
func (w wrongs) of(name string) string {
	for _, f := range w {
		if f.Where == name {
			return f.What
		}
	}
	return ""
}

func (w wrongs) list() []ui.FieldError {
	var all []ui.FieldError
	for _, f := range w {
		all = append(all, ui.FieldError{Name: f.Where, Text: f.What})
	}
	return all
}

// wrongIn takes what a form can say about an error: its fields, or its sentence
// about the field named. Errors of another kind are not the form's to tell.
func wrongIn(err error, field string) (wrongs, bool) {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || f.Kind == fault.Internal || f.Kind == fault.Unavailable || f.Kind == fault.NotFound || f.Kind == fault.Gone {
		return nil, false
	}
	if len(f.Fields) > 0 {
		return f.Fields, true
	}
	return wrongs{{Where: field, What: f.Sentence}}, true
}

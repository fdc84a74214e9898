package form

import (
	"errors"

	"halfkey/iam/fault"
)

// Wrong is what is wrong with a form, by field; ok is false for other errors.
func Wrong(err error) (wrong map[string]string, ok bool) {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || len(f.Fields) == 0 || f.Kind != fault.Unprocessable {
		return nil, false
	}
	wrong = map[string]string{}
	for _, w := range f.Fields {
		wrong[w.Where] = w.What
	}
	return wrong, true
}

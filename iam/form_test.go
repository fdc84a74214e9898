package iam

import (
	"errors"
	"testing"

	"halfkey/iam/fault"
)

func TestTroubleOfOurOwnIsToldOfNoField(t *testing.T) {
	_, wrong := ParseName("")
	var form Form
	form.Check("name", wrong)
	if f := fault.Of(form.Err()); f.Kind != fault.Unprocessable || len(f.Fields) != 1 || f.Fields[0].Where != "name" {
		t.Fatalf("a name that is missing: %+v", f)
	}
	trouble := errors.New("find a person: the disk is full")
	form.Check("to", trouble)
	if err := form.Err(); !errors.Is(err, trouble) || fault.Of(err).Kind != fault.Internal {
		t.Errorf("it is said that the person should look again: %v", err)
	}
}

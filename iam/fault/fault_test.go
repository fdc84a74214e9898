package fault

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

var errTaken = New(Conflict, "mail-taken", "There is an account with this address.")

func TestADetailedCopyIsStillTheDeclaredFault(t *testing.T) {
	err := fmt.Errorf("register: %w", errTaken.At("email", "is taken").Because(errors.New("unique index")).Retry(time.Minute))
	if !errors.Is(err, errTaken) {
		t.Fatal("the copy is no longer recognised")
	}
	f := Of(err)
	if len(f.Fields) != 1 || f.Fields[0] != (Field{"email", "is taken"}) || f.RetryAfter != time.Minute {
		t.Fatalf("details lost: %+v", f)
	}
	if strings.Contains(f.Sentence, "index") {
		t.Fatal("the caller would hear the cause")
	}
	if len(errTaken.Fields) != 0 || errTaken.RetryAfter != 0 {
		t.Fatal("the declared value was changed")
	}
}

func TestTwoCopiesDoNotShareFields(t *testing.T) {
	base := errTaken.At("a", "1")
	x, y := base.At("b", "2"), base.At("c", "3")
	if x.Fields[1].Where != "b" || y.Fields[1].Where != "c" {
		t.Fatalf("%v %v", x.Fields, y.Fields)
	}
}

func TestAnythingUndeclaredIsInternal(t *testing.T) {
	f := Of(errors.New("dial tcp 10.0.0.3: refused"))
	if f.Kind != Internal || strings.Contains(f.Sentence, "10.0.0.3") {
		t.Fatalf("%+v", f)
	}
	if Of(nil) != nil {
		t.Fatal("no error became a fault")
	}
}

func TestALateDatabaseIsUnavailable(t *testing.T) {
	if f := Of(fmt.Errorf("begin: %w", context.DeadlineExceeded)); f.Kind != Unavailable || f.RetryAfter == 0 {
		t.Fatalf("%+v", f)
	}
}

type stated string

func (s stated) Error() string    { return "the database says " + string(s) }
func (s stated) SQLState() string { return string(s) }

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	for _, err := range []error{
		stated("57P01"), stated("40P01"), stated("53300"), stated("55P03"), driver.ErrBadConn, io.ErrUnexpectedEOF,
		&net.OpError{Op: "dial", Err: errors.New("connection refused")},
	} {
		if f := Of(fmt.Errorf("read: %w", err)); f.Kind != Unavailable || f.RetryAfter == 0 {
			t.Errorf("%v: %+v", err, f)
		}
	}
	if f := Of(stated("42601")); f.Kind != Internal {
		t.Errorf("a mistake in a statement passes by itself? %+v", f)
	}
}

func TestEveryKindHasAStatusAndAName(t *testing.T) {
	seen := map[int]bool{}
	for k := Internal; k <= Unavailable; k++ {
		if k.String() == "" || http.StatusText(k.Status()) == "" || seen[k.Status()] {
			t.Errorf("kind %d: %q %d", k, k, k.Status())
		}
		seen[k.Status()] = true
	}
}

package bulk

import (
	"errors"
	"strings"
	"testing"

	"halfkey/devices/wire"
	"halfkey/iam/fault"
	"halfkey/orgs"
)

func serials(file string) ([]item, []Error, error) {
	return read(strings.NewReader(file), []string{"serial"}, func(cells []string) (item, string, error) {
		s, err := wire.ParseSerial(cells[0])
		if err != nil {
			return item{}, "serial", orgs.ErrSerial
		}
		return item{Thing: string(s)}, "", nil
	})
}

// A line is named as an editor counts it, also below a cell of several lines.
func TestAWrongLineIsNamedAsAnEditorCountsIt(t *testing.T) {
	_, wrong, err := serials("serial\n1\n\"no\nserial\"\n\n-\n")
	if err != nil || len(wrong) != 2 || wrong[0].Line != 3 || wrong[1].Line != 6 {
		t.Fatalf("%v %v", wrong, err)
	}
	if err := judged(wrong, false, nil); !errors.Is(err, ErrFile) || fault.Of(err).Fields[1].Where != "line 6, column serial" {
		t.Fatal(err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"serial\n1\n", "\ufeffSerial\r\n\"1\"\r\n", "a;serial\n", "serial;x\n1;2\n", "serial\n\"", "", "serial,serial\n", "serial\n\x00\n", "serial\n=1+1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		items, wrong, err := serials(s)
		if kind := fault.Of(err); kind != nil && kind.Kind != fault.Unprocessable {
			t.Fatal(err)
		}
		last := 1
		for _, i := range items {
			if i.Line <= last || i.Thing == "" {
				t.Fatalf("line %d after %d: %q", i.Line, last, i.Thing)
			}
			last = i.Line
		}
		for _, w := range wrong {
			if w.Line < 2 || strings.ContainsRune(w.Thing, 0) {
				t.Fatalf("%+v", w)
			}
		}
	})
}

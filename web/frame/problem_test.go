package frame

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"halfkey/web/ui"
)

// A sentence of a fault is a word on a page too: the catalogue has just those that
// are told, and says in English what the rooms below say.
func TestTheCatalogueHasEveryFaultsSentence(t *testing.T) {
	text, err := os.ReadFile("../ui/catalogue/en/fault.json")
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string]string
	if err := json.Unmarshal(text, &catalogue); err != nil {
		t.Fatal(err)
	}
	for code, f := range told {
		if catalogue["fault."+code] != f.Sentence {
			t.Errorf("fault.%s is %q in the catalogue, and %q where it is declared", code, catalogue["fault."+code], f.Sentence)
		}
	}
	if len(catalogue) != len(told) {
		t.Errorf("the catalogue has %d faults, %d are told", len(catalogue), len(told))
	}
	if got := ui.Sentence(context.Background(), "line 3: "+told["serial-malformed"].Sentence); got != "line 3: "+told["serial-malformed"].Sentence {
		t.Errorf("%q", got)
	}
}

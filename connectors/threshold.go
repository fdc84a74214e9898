package connectors

import (
	"strings"

	"gorm.io/gorm"
)

// What a connector suffers from where an hourly comparison found so much to do
// at once that it did none of it: it looks more like a wrong account than like
// people tidying up, and a person has to look.
const (
	troubleMissing = "missing" // channels that are not there any more
	troubleExtra   = "extra"   // empty channels that it would delete
	troubleOther   = "other"   // names and keys that it would change
)

// Withheld tells whether a connector's trouble is a comparison that was stopped.
func Withheld(trouble string) bool {
	return trouble == troubleMissing || trouble == troubleExtra || trouble == troubleOther
}

// heldBy is the trouble that too many differences of one kind are; empty for those
// that take nothing from anybody.
func heldBy(kind string) string {
	switch kind {
	case DiffMissing:
		return troubleMissing
	case DiffDouble, DiffOrphan:
		return troubleExtra
	case DiffKeys, DiffSettings:
		return troubleOther
	}
	return ""
}

// compareSoon has what somebody mended by hand compared anew, where it was withheld.
func compareSoon(tx *gorm.DB, id ID) error {
	return tx.Exec(`UPDATE connectors SET listed_at = NULL WHERE id = ? AND trouble IN (?, ?, ?)`, id, troubleMissing, troubleExtra, troubleOther).Error
}

// few may be done away with at once without anybody's word; more than that, and
// more than a fifth of all, may not.
const few = 5

// withhold splits differences into those that may be mended and those that a
// person has to look at, with the trouble that the latter are.
func withhold(all []Difference, of int) (mend, held []Difference, trouble string) {
	count := map[string]int{}
	for _, x := range all {
		count[heldBy(x.Kind)]++
	}
	for _, x := range all {
		t := heldBy(x.Kind)
		if n := count[t]; t == "" || n <= few || n*5 <= of {
			mend = append(mend, x)
			continue
		}
		if held = append(held, x); trouble == "" || t == troubleMissing {
			trouble = t
		}
	}
	return mend, held, trouble
}

// of is how many channels there are the connector's own.
func (i *inventory) of(a *account) (n int) {
	for marker, found := range i.marked {
		if strings.HasPrefix(marker, string(a.ID)+".") {
			n += len(found)
		}
	}
	return n
}

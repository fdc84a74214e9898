package channels

import (
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// A statement is written by hand with a ? for each parameter and runs past
// GORM's builder: what happens with every value has to be cheap.
type statement struct{ lite, pg string }

func both(text string) statement { return dialects(text, text) }

func dialects(lite, pg string) statement {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(pg, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return statement{lite, b.String()}
}

// on gives the statement as the dialect of tx wants it, and where to run it.
func (s statement) on(tx *gorm.DB) (gorm.ConnPool, string) {
	if tx.Name() == "postgres" {
		return tx.Statement.ConnPool, s.pg
	}
	return tx.Statement.ConnPool, s.lite
}

package devices

import (
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// A statement is written by hand with a ? for each parameter and runs past
// GORM's builder: a registration has to be cheap.
type statement struct{ lite, pg string }

func sql(text string) statement {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(text, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return statement{text, b.String()}
}

// on gives the statement as the dialect wants it, and where to run it.
func (s statement) on(tx *gorm.DB) (gorm.ConnPool, string) {
	if tx.Name() == "postgres" {
		return tx.Statement.ConnPool, s.pg
	}
	return tx.Statement.ConnPool, s.lite
}

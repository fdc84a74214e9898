package channels

import (
	"math"
	"strconv"
	"strings"
)

// Number reads a value as devices write numbers: spaces around it and a plus
// sign do no harm. What is no finite number is not ok.
func Number(s string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
}

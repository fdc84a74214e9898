package ui

import (
	"strconv"
	"strings"
)

// sparkLine places values in a box of 200 by 40 units, with 3 left free above and below.
func sparkLine(values []float64) string {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if high == low {
		high, low = high+1, low-1
	}
	var out strings.Builder
	for i, v := range values {
		x := 200 * float64(i) / float64(len(values)-1)
		y := 37 - 34*(v-low)/(high-low)
		out.WriteString(short(x) + "," + short(y) + " ")
	}
	return strings.TrimSuffix(out.String(), " ")
}

// sparkArea is the ground between the line and the box's lower edge.
func sparkArea(values []float64) string {
	return "0,40 " + sparkLine(values) + " 200,40"
}

// short writes a coordinate with one decimal at most.
func short(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

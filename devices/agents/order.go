package agents

import (
	"cmp"
	"slices"
)

// inOrder lines batches up by channel and, within one, by time.
func inOrder(byChannel map[string][]batch) []batch {
	var list []batch
	for _, some := range byChannel {
		list = append(list, some...)
	}
	slices.SortStableFunc(list, func(a, b batch) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), a.At.Compare(b.At))
	})
	return list
}

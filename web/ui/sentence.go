package ui

import (
	"context"
	"strings"
	"sync"
)

// said finds the id of a sentence that a room below the web says in English.
var said = sync.OnceValue(func() map[string]string {
	ids := map[string]string{}
	for id, m := range books["en"]().messages {
		if strings.HasPrefix(id, "fault.") {
			ids[m.plain] = id
		}
	}
	return ids
})

// Sentence is what a fault says, in the request's language: the rooms below the
// web know no languages, so the catalogue has each of their sentences as
// fault.<code>. A line of a list may stand before it. What the catalogue does
// not know stays as it is.
func Sentence(ctx context.Context, english string) string {
	if n, rest, ok := strings.Cut(strings.TrimPrefix(english, "line "), ": "); ok && strings.HasPrefix(english, "line ") {
		return T(ctx, "ui.line", "N", n, "Text", Sentence(ctx, rest))
	}
	if id, ok := said()[english]; ok {
		return T(ctx, id)
	}
	return english
}

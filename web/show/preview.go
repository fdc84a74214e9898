package show

import (
	"context"

	"halfkey/orgs"
)

// A Sentence is a line of a preview, with the sign that it stands under: lose,
// gain, key, cut, or none.
type Sentence struct{ Sign, Text string }

// signs are the sentences that a preview can have.
var signs = map[string]string{
	"preview.lose.values":                           "lose",
	"preview.lose.names":                            "lose",
	"preview.lose.place":                            "lose",
	"preview.lose.running":                          "lose",
	"preview.gain.values":                           "gain",
	"preview.gain.names":                            "gain",
	"preview.gain.place":                            "gain",
	"preview.gain.running":                          "gain",
	"preview.others.lose":                           "lose",
	"preview.others.gain":                           "gain",
	"preview.others.keys":                           "key",
	"preview.more":                                  "",
	"preview.key.read-key.ends":                     "key",
	"preview.key.read-key.ends.somebody":            "key",
	"preview.key.shared-read-key.rotates":           "key",
	"preview.key.shared-read-key.exposed":           "key",
	"preview.key.registration-key.rotates":          "key",
	"preview.key.registration-key.rotates.somebody": "key",
	"preview.key.registration-key.exposed":          "key",
	"preview.key.registration-key.exposed.somebody": "key",
	"preview.key.account-key.ends":                  "key",
	"preview.key.account-key.ends.somebody":         "key",
	"preview.key.account-key.exposed":               "key",
	"preview.key.account-key.exposed.somebody":      "key",
	"preview.key.write-key.ends":                    "key",
	"preview.key.read-key.ends.broken":              "key",
	"preview.key.shared-read-key.rotates.broken":    "key",
	"preview.key.registration-key.rotates.broken":   "key",
	"preview.key.write-key.rotates.broken":          "key",
	"preview.key.write-key.exposed.broken":          "key",
	"preview.cut.sessions":                          "cut",
	"preview.cut.tokens":                            "cut",
	"preview.partly":                                "",
	"preview.nothing":                               "",
}

// Preview tells in the viewer's language what a deed would come to.
func Preview(ctx context.Context, p orgs.Preview) []Sentence {
	lines := p.Lines()
	all := make([]Sentence, len(lines))
	for i, text := range Lines(ctx, lines) {
		all[i] = Sentence{signs[lines[i].ID], text}
	}
	return all
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// split cuts a list at commas and spaces.
func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// pairsOf reads texts like name=value.
func pairsOf(list []string) (map[string]string, error) {
	all := map[string]string{}
	for _, one := range list {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not name=value", one)
		}
		all[name] = value
	}
	return all, nil
}

// contentMost is the longest file that is read, in bytes.
const contentMost = 4 << 20

// content is what a file says, or standard input for "-": what is secret is never
// typed into the command line, which others can read.
func (r *run) content(name string) ([]byte, error) {
	from := r.cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	return io.ReadAll(io.LimitReader(from, contentMost))
}

// items are those of a list that another verb wrote as JSON.
func (r *run) items(name string) ([]json.RawMessage, error) {
	doc, err := r.content(name)
	if err != nil {
		return nil, err
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(doc, &list); err != nil {
		return nil, fmt.Errorf("%s is no list as -o json writes it: %w", name, err)
	}
	return append([]json.RawMessage{}, list.Items...), nil
}

package agents

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"halfkey/devices/agents"
)

// line is an agent of a list: a name, how it proves who it is, and its place in
// words, "" for the list's own.
type line struct {
	Line    int
	Name    string
	Profile agents.Profile
	Place   string
}

// A wrongCell is what cannot be read of a list, by line and column from 1.
type wrongCell struct {
	Line, Column int
	Fault        error // its sentence is safe to show
}

// Columns of a list.
const (
	columnName = iota + 1
	columnProfile
	columnPlace
)

// parseLines reads a list of name, profile and place, separated by commas or, as
// some programs write it, by semicolons. Its first line may name the columns. A
// missing profile is RSA_3072.
func parseLines(text string) (good []line, wrong []wrongCell) {
	text = strings.TrimPrefix(text, "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if first, _, _ := strings.Cut(text, "\n"); !strings.Contains(first, ",") && strings.Contains(first, ";") {
		r.Comma = ';'
	}
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return good, wrong
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			wrong = append(wrong, wrongCell{e.Line, e.Column, agents.ErrLine})
			return good, wrong // what follows may be anything
		}
		if err != nil {
			return good, append(wrong, wrongCell{1, 1, agents.ErrLine})
		}
		at, _ := r.FieldPos(0)
		cell := func(column int) string {
			if column > len(cells) {
				return ""
			}
			return strings.TrimSpace(cells[column-1])
		}
		if n == 0 && strings.EqualFold(cell(columnName), "name") || len(cells) == 1 && cell(columnName) == "" {
			continue
		}
		l := line{Line: at, Name: cell(columnName), Profile: agents.RSA3072, Place: cell(columnPlace)}
		if word := cell(columnProfile); word != "" {
			if l.Profile, err = agents.ParseProfile(strings.ToUpper(word)); err != nil {
				wrong = append(wrong, wrongCell{at, columnProfile, err})
				continue
			}
		}
		if len(cells) > columnPlace {
			wrong = append(wrong, wrongCell{at, columnPlace + 1, agents.ErrLine})
			continue
		}
		good = append(good, l)
	}
}

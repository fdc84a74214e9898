package bulk

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
)

// ErrFile says that lines of a file are wrong; its fields say which. Nothing of
// the file was taken.
var ErrFile = fault.New(fault.Unprocessable, "file-lines", "Some lines are wrong, and nothing of the file was taken. Put them right, or ask for the good ones alone.")

// FileMost is how long a file is at most, in bytes.
const FileMost = 4 << 20

// told is how many wrong lines are told at once.
const told = 100

// StartSerials lists the serials of a CSV file with the column serial on a
// registration key. With good, wrong lines are left out and told by the run.
func (s *Service) StartSerials(ctx context.Context, key iam.KeyID, file io.Reader, good bool) (Run, error) {
	k, err := s.Orgs.Key(ctx, key)
	if err != nil {
		return Run{}, err
	}
	if err := s.Decider.Require(ctx, policies.ManageRegistrationKey, k.Org); err != nil {
		return Run{}, err
	}
	items, wrong, err := read(file, []string{"serial"}, func(cells []string) (item, string, error) {
		serial, err := wire.ParseSerial(cells[0])
		if err != nil {
			return item{}, "serial", orgs.ErrSerial
		}
		return item{Thing: string(serial)}, "", nil
	})
	if err = judged(wrong, good, err); err != nil {
		return Run{}, err
	}
	return s.begin(ctx, Serials, k.Org, input{Items: items, Key: key}, wrong)
}

// StartInvite invites the people of a CSV file with the columns email and role,
// by mail.
func (s *Service) StartInvite(ctx context.Context, org iam.OrgID, file io.Reader, good bool) (Run, error) {
	if err := s.Decider.Require(ctx, policies.ManagePeople, org); err != nil {
		return Run{}, err
	}
	if !s.Orgs.ByMail() {
		return Run{}, ErrMail
	}
	items, wrong, err := read(file, []string{"email", "role"}, func(cells []string) (item, string, error) {
		email, err := iam.ParseEmail(cells[0])
		if err != nil {
			return item{}, "email", err
		}
		role, err := policies.ParseRole(cells[1])
		if err != nil {
			return item{}, "role", err
		}
		return item{Thing: string(email), Role: string(role)}, "", nil
	})
	if err = judged(wrong, good, err); err != nil {
		return Run{}, err
	}
	return s.begin(ctx, Invite, org, input{Items: items, To: org}, wrong)
}

// judged is nil for a file that may be gone on with.
func judged(wrong []Error, good bool, err error) error {
	if err != nil || good || len(wrong) == 0 {
		return err
	}
	f := ErrFile
	for _, w := range wrong[:min(len(wrong), told)] {
		f = f.At(fmt.Sprintf("line %d, column %s", w.Line, w.Field), w.What)
	}
	return f
}

// read takes a CSV file, RFC 4180, with a line of names first; a semicolon in
// that line separates instead of the comma. Every wrong line is told by its
// number and column, and a file that is none at all by ErrFile.
func read(file io.Reader, columns []string, parse func(cells []string) (item, string, error)) (items []item, wrong []Error, err error) {
	text, err := io.ReadAll(io.LimitReader(file, FileMost+1))
	if err != nil {
		return nil, nil, err
	}
	if len(text) > FileMost {
		return nil, nil, ErrMany
	}
	doc := strings.TrimPrefix(string(text), "\ufeff")
	r := csv.NewReader(strings.NewReader(doc))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if first, _, _ := strings.Cut(doc, "\n"); strings.Contains(first, ";") && !strings.Contains(first, ",") {
		r.Comma = ';'
	}
	at, err := header(r, columns)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return items, wrong, nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, nil, ErrFile.At(fmt.Sprintf("line %d, column %s", bad.Line, columns[0]), "A quotation mark is missing or too many.")
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := r.FieldPos(0)
		cells := make([]string, len(columns))
		for i, n := range at {
			if n < len(row) {
				cells[i] = strings.TrimSpace(row[n])
			}
		}
		one, field, err := parse(cells)
		if one.Line = line; err == nil {
			items = append(items, one)
		} else {
			f := fault.Of(err)
			wrong = append(wrong, Error{Line: line, Field: field, Thing: cut(cells[slices.Index(columns, field)]), Code: f.Code, What: f.Sentence})
		}
		if len(items)+len(wrong) > Most {
			return nil, nil, ErrMany
		}
	}
}

// header finds each column's place in the first line.
func header(r *csv.Reader, columns []string) ([]int, error) {
	names, err := r.Read()
	if err != nil {
		return nil, ErrFile.At("line 1", "The first line names the columns: "+strings.Join(columns, ","))
	}
	at := make([]int, len(columns))
	for i := range names {
		names[i] = strings.ToLower(strings.TrimSpace(names[i]))
		if !slices.Contains(columns, names[i]) || slices.Index(names[:i], names[i]) >= 0 {
			return nil, ErrFile.At("line 1", "The columns are "+strings.Join(columns, ",")+", each once.")
		}
	}
	for i, c := range columns {
		if at[i] = slices.Index(names, c); at[i] < 0 {
			return nil, ErrFile.At("line 1", "The column "+c+" is missing.")
		}
	}
	return at, nil
}

// cut keeps the first characters of what somebody typed.
func cut(s string) string {
	if r := []rune(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")); len(r) > 80 {
		return string(r[:80])
	} else {
		return string(r)
	}
}

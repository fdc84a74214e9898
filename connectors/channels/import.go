package channels

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/migrations"
)

// An Import is what became of a file of entries.
type Import struct {
	Good   int       // lines that can be read
	Stored int       // new entries
	There  int       // whose time the channel had already
	Bad    int       // lines that cannot be read
	Lines  []BadLine // the first of them
}

// A BadLine is one that cannot be read, and why.
type BadLine struct {
	Line int // from 1, the head's
	Why  string
}

const shownLines = 20

// What an import can fail with.
var (
	ErrImportHead  = fault.New(fault.Unprocessable, "import-head", "The first line must name the columns: created_at, then field1 to field8, latitude, longitude, elevation or status.")
	ErrImportLines = fault.New(fault.Unprocessable, "import-lines", "Some lines cannot be read, so nothing was imported.")
)

var lockForImport = migrations.SQL(`UPDATE channels SET updated_at = ? WHERE id = ?` + whatItGot)

// ImportCSV stores the entries of a file as ThingSpeak exports one: a line of
// names, then a line for each entry. Each gets a number of its own here. Lines
// that cannot be read are named in the report; the others are stored if
// keepOthers says so, else nothing is (ErrImportLines, with the report). The same
// file again changes nothing. The device does not count as heard. The caller has
// judged that he may; note, unless it is nil, writes it into the trail.
func (s *Store) ImportCSV(ctx context.Context, id ID, file io.ReadSeeker, keepOthers bool, note func(context.Context, *gorm.DB, Import) error) (report Import, err error) {
	if report, err = s.CheckCSV(file); err != nil {
		return report, err
	}
	if report.Bad > 0 && !keepOthers {
		return report, ErrImportLines
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	err = s.Slices(file, func(part []Entry) error {
		n, err := s.ImportSlice(ctx, id, part, nil)
		report.Stored, report.There = report.Stored+n, report.There+len(part)-n
		return err
	})
	if err == nil && note != nil {
		err = s.db(ctx).Transaction(func(tx *gorm.DB) error { return note(ctx, tx, report) })
	}
	return report, err
}

// CheckCSV reads a file without storing any of it: what can be read of it is
// counted, what cannot is named. It fails with ErrImportHead.
func (s *Store) CheckCSV(file io.Reader) (report Import, err error) {
	err = s.readCSV(file, &report, func(Entry) error { report.Good++; return nil })
	return report, err
}

// Slices hands over what can be read of a file, so much at a time as one
// transaction carries. do must not keep its argument.
func (s *Store) Slices(file io.Reader, do func([]Entry) error) error {
	part := make([]Entry, 0, sliceSize)
	err := s.readCSV(file, &Import{}, func(e Entry) (err error) {
		if part = append(part, e); len(part) == sliceSize {
			err = do(part)
			part = part[:0]
		}
		return err
	})
	if err != nil || len(part) == 0 {
		return err
	}
	return do(part)
}

// ImportSlice stores a slice and tells how many of it were new. in, unless it is
// nil, hears that within the same transaction. The caller's hanging up stops it
// before its transaction or not at all.
func (s *Store) ImportSlice(ctx context.Context, id ID, part []Entry, in func(tx *gorm.DB, stored int) error) (stored int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var b bulk
	var last int64
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := lockForImport.Row(ctx, tx, s.Now().UnixMicro(), int64(id)).Scan(&last, &b.tenant, &b.org); err != nil {
			return connectors.ErrChannel.Because(err)
		}
		if stored, err = storeNew(ctx, tx, id, &last, part); err != nil || in == nil {
			return err
		}
		return in(tx, stored)
	})
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	s.grew(id, last-int64(stored), last)
	if s.Live != nil && stored > 0 {
		s.Live.Publish(live.Event{Kind: live.Value, Tenant: b.tenant, Org: b.org, ID: id.String()})
	}
	return stored, nil
}

// Writes tells whether the key is a write key of this channel that works.
func (s *Store) Writes(ctx context.Context, id ID, key string) (bool, error) {
	if !looksLikeKey(key) {
		return false, nil
	}
	k, err := s.lookup(ctx, key)
	if errors.Is(err, ErrKey) {
		return false, nil
	}
	return err == nil && k.kind == kindWrite && k.channel == id, err
}

// NoteImport writes an import with a write key into the trail.
func (s *Store) NoteImport(ctx context.Context, tx *gorm.DB, id ID, detail audit.Detail) error {
	c, err := findChannel(ctx, tx, channelOfID, int64(id))
	if err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Type: "channel-key", ID: id.String(), Name: "write key"})
	return audit.Record(ctx, tx, "channel.import", audit.Object{Tenant: string(c.Tenant), Org: string(c.Org), Type: "channel", ID: id.String()}, detail)
}

// readCSV gives each entry to do and counts into the report what is none.
func (s *Store) readCSV(file io.Reader, report *Import, do func(Entry) error) error {
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	names, err := r.Read()
	if err != nil {
		return ErrImportHead.Because(err)
	}
	columns, ok := columnsOf(names)
	if !ok {
		return ErrImportHead
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		bad, wrong := errors.AsType[*csv.ParseError](err)
		if err != nil && !wrong {
			return fmt.Errorf("import: %w", err)
		}
		line, e, why := 0, Entry{}, ""
		if wrong {
			line, why = bad.StartLine, "its quotation marks do not match"
		} else {
			line, _ = r.FieldPos(0)
			e, why = columns.entry(cells, s.Now())
		}
		if why != "" {
			if report.Bad++; len(report.Lines) < shownLines {
				report.Lines = append(report.Lines, BadLine{line, why})
			}
			continue
		}
		if err := do(e); err != nil {
			return err
		}
	}
}

// columns say what stands where in a line; entry_id is known and not used.
type columns []string

func columnsOf(names []string) (c columns, ok bool) {
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		c = append(c, strings.Clone(name))
		ok = ok || name == "created_at"
	}
	return c, ok
}

func (c columns) entry(cells []string, now time.Time) (e Entry, why string) {
	if len(cells) > len(c) {
		return e, fmt.Sprintf("it has %d columns, the first line names %d", len(cells), len(c))
	}
	for i, cell := range cells {
		switch name := c[i]; {
		case name == "created_at":
			at, ok := ParseTime(cell, time.UTC, now)
			if !ok {
				return e, fmt.Sprintf("%.40q is no time", cell)
			}
			e.Created = &at
		case cell == "":
		default:
			if to := e.named(name); to != nil {
				text := strings.Clone(cell)
				if text[0] == '\'' && formula(text) {
					text = text[1:] // as a file of ours has it
				}
				*to = &text
			}
		}
	}
	if e.Created == nil {
		return e, "it has no time"
	}
	if e.check() != nil {
		return e, "a value is longer than 255 bytes or is not text"
	}
	return e, ""
}

// named is where a column's value belongs; nil for those that we have not.
func (e *Entry) named(column string) **string {
	switch column {
	case "latitude":
		return &e.Latitude
	case "longitude":
		return &e.Longitude
	case "elevation":
		return &e.Elevation
	case "status":
		return &e.Status
	}
	if n, ok := strings.CutPrefix(column, "field"); ok && len(n) == 1 && n[0] >= '1' && n[0] <= '8' {
		return &e.Fields[n[0]-'1']
	}
	return nil
}

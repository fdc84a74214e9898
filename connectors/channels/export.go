package channels

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// exportAtOnce is how many entries are read at a time, so that a slow reader
// holds up nobody.
const exportAtOnce = 1000

// exportBytes is how much of a file is handed on at once.
const exportBytes = 32 << 10

var nextRows = migrations.SQL(selectRows + ` AND (created_at, entry_id) > (?, ?) AND created_at <= ? ORDER BY created_at, entry_id LIMIT ?`)

// Export hands over all entries from one time to another, both included, in the
// order of their times; zero times are no bounds. It stops with the error that do
// returns. What is written meanwhile may be among them.
func (s *Store) Export(ctx context.Context, id ID, from, to time.Time, do func(Row) error) error {
	at, entry, end := int64(-endOfTime), int64(math.MinInt64), int64(endOfTime)
	if !from.IsZero() {
		at = iam.Micros(from)
	}
	if !to.IsZero() {
		end = iam.Micros(to)
	}
	for {
		rows, err := s.rows(ctx, nextRows, int64(id), at, entry, end, exportAtOnce)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := do(r); err != nil {
				return err
			}
		}
		if len(rows) < exportAtOnce {
			return nil
		}
		last := rows[len(rows)-1]
		at, entry = iam.Micros(last.Created), last.Entry
	}
}

// A Form is how a file of entries is written.
type Form string

// CSV begins with a line of names and can be imported again; NDJSON is an object
// for each line, without what an entry has not.
const (
	CSV    Form = "csv"
	NDJSON Form = "ndjson"
)

// MIME is the form's media type.
func (f Form) MIME() string {
	if f == NDJSON {
		return "application/x-ndjson"
	}
	return "text/csv; charset=utf-8"
}

var headOfFile = []string{"created_at", "entry_id", "field1", "field2", "field3", "field4", "field5", "field6", "field7", "field8", "latitude", "longitude", "elevation", "status"}

// WriteFile writes all entries from one time to another as a file, piece by
// piece as they are read, so that it takes the same memory however many there are.
func (s *Store) WriteFile(ctx context.Context, w io.Writer, id ID, from, to time.Time, form Form) error {
	var out bytes.Buffer
	lines := csv.NewWriter(&out)
	if form == CSV {
		_ = lines.Write(headOfFile) // a buffer takes everything
	}
	line := make([]string, len(headOfFile))
	err := s.Export(ctx, id, from, to, func(r Row) error {
		if form == NDJSON {
			appendObject(&out, r)
		} else {
			_ = lines.Write(r.cells(line))
		}
		if out.Len() < exportBytes {
			return nil
		}
		_, err := out.WriteTo(w)
		return err
	})
	if lines.Flush(); err == nil {
		_, err = out.WriteTo(w)
	}
	return err
}

func (r *Row) cells(line []string) []string {
	line = append(line[:0], r.Created.UTC().Format(time.RFC3339), strconv.FormatInt(r.Entry, 10))
	for _, v := range r.values() {
		if v == nil {
			line = append(line, "")
			continue
		}
		if text := *v; formula(text) {
			line = append(line, "'"+text)
		} else {
			line = append(line, text)
		}
	}
	return line
}

// formula tells of a text that a spreadsheet would calculate, whoever wrote it, or
// of one marked as such by apostrophes before it. A number is none.
func formula(text string) bool {
	text = strings.TrimLeft(text, "'")
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err != nil
}

// values are what a row has beside its time and number, in the order of a file's columns.
func (r *Row) values() [MaxFields + 4]*string {
	f := r.Fields
	return [...]*string{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], r.Latitude, r.Longitude, r.Elevation, r.Status}
}

func appendObject(out *bytes.Buffer, r Row) {
	out.WriteString(`{"created_at":"` + r.Created.UTC().Format(time.RFC3339) + `","entry_id":` + strconv.FormatInt(r.Entry, 10))
	for i, v := range r.values() {
		if v != nil {
			text, _ := json.Marshal(*v) // a string always can be
			out.WriteString(`,"` + headOfFile[i+2] + `":`)
			out.Write(text)
		}
	}
	out.WriteString("}\n")
}

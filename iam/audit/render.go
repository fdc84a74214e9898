package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// Format is how lines are written into a file.
type Format string

// CSV is for tables, NDJSON, one object a line, for programs.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
)

// ErrFormat says that nothing is written so.
var ErrFormat = fault.New(fault.Unprocessable, "export-format", "An export is csv or ndjson.")

// ParseFormat takes what a form says.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case CSV, NDJSON:
		return f, nil
	}
	return "", ErrFormat
}

// batch is how many lines are read at once while a file is written.
const batch = 1000

// Render writes the lines that fit, oldest first, up to the line upTo and with
// it. The same lines make the same bytes, whenever it is done. After each batch
// it tells seen, which may be nil, how far it has come.
func Render(ctx context.Context, db *gorm.DB, w io.Writer, f Filter, format Format, upTo int64, seen func(lines, seq int64) error) error {
	write, flush, err := writer(w, format)
	if err != nil || f.Orgs != nil && len(f.Orgs) == 0 {
		return err
	}
	s := search{Filter: f, db: db.WithContext(ctx)}
	if err := s.bound(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	after, all := s.from-1, int64(0)
	for {
		var some []Entry
		err := f.cut(s.db.Table("audit")).Where("seq > ? AND seq <= ? AND seq < ?", after, upTo, s.before).Order("seq").Limit(batch).Find(&some).Error
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		for _, e := range some {
			if err := write(e); err != nil {
				return err
			}
			after = e.Seq
		}
		all += int64(len(some))
		if err := flush(); err != nil {
			return err
		}
		if seen != nil {
			if err := seen(all, after); err != nil {
				return err
			}
		}
		if len(some) < batch {
			return nil
		}
	}
}

var header = []string{"seq", "at", "actor_type", "actor_id", "actor", "on_behalf_of", "door", "request", "verb", "object_type", "object", "place", "outcome", "count", "detail"}

// writer starts a file: write adds a line, flush lets it out.
func writer(w io.Writer, format Format) (write func(Entry) error, flush func() error, err error) {
	if format == NDJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return func(e Entry) error { return enc.Encode(e.told()) }, func() error { return nil }, nil
	}
	c := csv.NewWriter(w)
	if err := c.Write(header); err != nil {
		return nil, nil, err
	}
	return func(e Entry) error { return c.Write(e.cells()) }, func() error { c.Flush(); return c.Error() }, nil
}

const exact = "2006-01-02T15:04:05.000000Z"

// told is a line as programs read it.
func (e Entry) told() any {
	return struct {
		Seq        int64           `json:"seq"`
		At         string          `json:"at"`
		ActorType  string          `json:"actor_type"`
		ActorID    string          `json:"actor_id,omitempty"`
		Actor      string          `json:"actor"`
		OnBehalf   string          `json:"on_behalf_of,omitempty"`
		Door       string          `json:"door,omitempty"`
		Request    string          `json:"request,omitempty"`
		Verb       string          `json:"verb"`
		ObjectType string          `json:"object_type,omitempty"`
		Object     string          `json:"object,omitempty"`
		Place      string          `json:"place,omitempty"`
		Outcome    string          `json:"outcome"`
		Count      int64           `json:"count"`
		Detail     json.RawMessage `json:"detail"`
	}{e.Seq, e.Time().Format(exact), e.ActorType, e.ActorID, e.Actor(), e.OnBehalf(), e.Door, e.RequestID, e.Verb, e.ObjectType, e.ObjectID, e.OrgID,
		e.Outcome, e.Count, e.raw()}
}

func (e Entry) raw() json.RawMessage {
	if json.Valid([]byte(e.Detail)) {
		return json.RawMessage(e.Detail)
	}
	b, _ := json.Marshal(e.Detail)
	return b
}

func (e Entry) cells() []string {
	all := []string{strconv.FormatInt(e.Seq, 10), e.Time().Format(exact), e.ActorType, e.ActorID, e.Actor(), e.OnBehalf(), e.Door, e.RequestID, e.Verb,
		e.ObjectType, e.ObjectID, e.OrgID, e.Outcome, strconv.FormatInt(e.Count, 10), e.Detail}
	for i := range all {
		all[i] = Cell(all[i])
	}
	return all
}

// Cell makes a text safe for a table: spreadsheets take one that begins like a
// formula for a formula, whoever wrote it.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// day is how an export's times are told.
func day(t time.Time) string { return t.UTC().Format(time.RFC3339) }

package thingspeak

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
)

const (
	maxImport   = 32 << 20 // bytes
	exportChunk = 64 << 10
	maxImported = 10 * time.Minute
)

// export answers /channels/{id}/export.csv and .ndjson: every entry from start to
// end, however many, as a stream without a length. Devices have no use for it.
func (d *door) export(c *call) {
	if !isGet(c.r.Method) {
		say(c.w, http.StatusMethodNotAllowed, "-1")
		return
	}
	ch, ok := d.open(c)
	if !ok {
		return
	}
	q := readingOf(c.params, d.Now())
	q.status, q.location = true, true
	from, _ := channels.ParseTime(c.params.Text("start"), q.zone, d.Now())
	to, _ := channels.ParseTime(c.params.Text("end"), q.zone, d.Now())
	out := &stream{w: c.w, patience: http.NewResponseController(c.w)}
	contentType := csvText
	if c.format == asLines {
		contentType = linesText
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="channel-`+ch.ID.String()+`.`+string(c.format)+`"`)
	head(c.w, http.StatusOK, contentType)
	if c.format == asCSV {
		out.buffer.Write(asTable(rowOf(ch, &channels.Row{Entry: 1}, q), nil))
	}
	err := d.Store.Export(c.r.Context(), ch.ID, from, to, func(r channels.Row) error {
		o := rowOf(ch, &r, q)
		if c.format == asCSV {
			writeCells(&out.buffer, o)
		} else {
			out.buffer.Write(append(appendValue(nil, o), '\n'))
		}
		return out.flush(exportChunk)
	})
	if err = errors.Join(err, out.flush(0)); err != nil {
		// The status is said already: a cut connection tells that this is not all.
		panic(http.ErrAbortHandler)
	}
}

// A stream hands over in pieces and gives the reader time for each.
type stream struct {
	w        http.ResponseWriter
	patience *http.ResponseController
	buffer   bytes.Buffer
}

func (s *stream) flush(from int) error {
	if s.buffer.Len() <= from {
		return nil
	}
	_ = s.patience.SetWriteDeadline(time.Now().Add(30 * time.Second)) // a writer without deadlines has no need of one
	_, err := s.w.Write(s.buffer.Bytes())
	s.buffer.Reset()
	return err
}

var errImportKey = fault.New(fault.Refused, "channel-key", "This key does not write to the channel.")

// importFile answers POST /channels/{id}/import.csv with a file as ThingSpeak
// exports one in the body, and the write key in a header or the query. With
// keep=true lines that cannot be read are left out, else nothing is taken then.
func (d *door) importFile(c *call) {
	report, err := d.importCall(c)
	if err != nil && !errors.Is(err, channels.ErrImportLines) && !errors.Is(err, channels.ErrImportHead) {
		d.refuseAccount(c, err)
		return
	}
	bad := list{item: "line"}
	for _, l := range report.Lines {
		bad.of = append(bad.of, object{{"line", int64(l.Line)}, {"why", l.Why}})
	}
	said := object{{"stored", int64(report.Stored)}, {"there_already", int64(report.There)}, {"bad", int64(report.Bad)}, {"lines", bad}}
	status := http.StatusOK
	if err != nil {
		status = http.StatusUnprocessableEntity
		said.add("error", fault.Of(err).Sentence)
	}
	answer(c.w, status, jsonText, appendValue(nil, said))
}

func (d *door) importCall(c *call) (channels.Import, error) {
	if c.format = asJSON; c.r.Method != http.MethodPost && c.r.Method != http.MethodPut {
		return channels.Import{}, errMethod
	}
	id, err := channels.ParseID(c.parts[1])
	if err != nil {
		return channels.Import{}, err
	}
	c.params = parseForm(nil, c.r.URL.RawQuery)
	ok, err := d.Store.Writes(c.ctx, id, apiKey(c.r, c.params))
	if err != nil || !ok {
		return channels.Import{}, errors.Join(err, errImportKey)
	}
	patience := http.NewResponseController(c.w)
	_ = patience.SetReadDeadline(time.Now().Add(maxImported))
	_ = patience.SetWriteDeadline(time.Now().Add(maxImported))
	body, err := readBody(c.r, maxImport)
	if err != nil {
		return channels.Import{}, badBody(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), maxImported)
	defer cancel()
	return d.Store.ImportCSV(ctx, id, bytes.NewReader(body), c.params.True("keep"), func(ctx context.Context, tx *gorm.DB, i channels.Import) error {
		return d.Store.NoteImport(ctx, tx, id, audit.Detail{"stored": strconv.Itoa(i.Stored), "bad": strconv.Itoa(i.Bad)})
	})
}

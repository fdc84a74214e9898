package thingspeak

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

// asTable writes rows as CSV under the names of the first one's members; without
// rows, under those of head.
func asTable(head object, rows []object) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if len(rows) > 0 {
		head = rows[0]
	}
	_ = w.Write(names(head)) // into memory
	for _, o := range rows {
		_ = w.Write(cells(o))
	}
	w.Flush()
	return b.Bytes()
}

// writeCells writes one line without a head.
func writeCells(b *bytes.Buffer, o object) {
	w := csv.NewWriter(b)
	_ = w.Write(cells(o))
	w.Flush()
}

func names(o object) []string {
	all := make([]string, len(o))
	for i, m := range o {
		all[i] = m.name
	}
	return all
}

func cells(o object) []string {
	all := make([]string, len(o))
	for i, m := range o {
		all[i] = cell(m.value)
	}
	return all
}

func cell(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case *string:
		if v != nil {
			return *v
		}
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case moment:
		return v.plain()
	}
	return ""
}

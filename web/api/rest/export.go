package rest

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// columnsKey is where a page leaves the columns of its items for a file.
const columnsKey = "columns"

// exported answers ?format=csv with the whole list as a file: page after page, so
// that it is never all in memory. A member that is no single value is left out.
func exported(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		form, err := oneOf(c, "format", "json", "csv")
		if err != nil || form != "csv" {
			if err == nil {
				err = next(c)
			}
			return err
		}
		q := c.QueryParams() // echo reads it once, so that what is set here counts
		q.Del("cursor")
		q.Set("limit", strconv.Itoa(pageMost-1))
		var w *csv.Writer
		for {
			held := &holding{header: http.Header{}}
			if err := aside(c, held, next); err != nil {
				return err
			}
			var p page[map[string]jsontext.Value]
			if err := json.Unmarshal(held.body.Bytes(), &p); err != nil {
				return err
			}
			columns, _ := c.Get(columnsKey).([]string)
			if c.Response().Committed = false; w == nil {
				c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
				c.Response().Header().Set("Content-Disposition", `attachment; filename="list.csv"`)
				w = csv.NewWriter(c.Response().Writer)
				if err := w.Write(columns); err != nil {
					return err
				}
			}
			for _, item := range p.Items {
				row := make([]string, len(columns))
				for i, name := range columns {
					row[i] = cellOf(item[name])
				}
				if err := w.Write(row); err != nil {
					return err
				}
			}
			if w.Flush(); p.Next == "" || w.Error() != nil {
				c.Response().Committed = true
				return w.Error()
			}
			next, err := url.Parse(p.Next)
			if err != nil {
				return err
			}
			q.Set("cursor", next.Query().Get("cursor"))
		}
	}
}

// cellOf is a value as a table has it. What a spreadsheet would take for a
// formula begins with an apostrophe.
func cellOf(v jsontext.Value) string {
	s := string(v)
	if v.Kind() == '"' {
		if json.Unmarshal(v, &s) != nil {
			return ""
		}
		if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
			s = "'" + s
		}
	}
	return s
}

// columnsOf are the members of an item that are single values, in their order.
func columnsOf(t reflect.Type) (all []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		kind := f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		switch {
		case f.Anonymous && kind.Kind() == reflect.Struct:
			if kind.Name() != "details" { // which lists do not tell
				all = append(all, columnsOf(kind)...)
			}
		case name == "" || kind.Kind() == reflect.Slice || kind.Kind() == reflect.Map || kind.Kind() == reflect.Struct && kind.String() != "time.Time":
		default:
			all = append(all, name)
		}
	}
	return all
}

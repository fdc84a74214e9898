package rest

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/web/problem"
)

// id takes the id that the path or the query has under name; where it is none,
// the caller hears which one.
func id[T ~string](c echo.Context, name string, parse func(string) (T, error)) (T, error) {
	return named(name, value(c, name), parse)
}

// optional is id for a parameter that may be left out.
func optional[T ~string](c echo.Context, name string, parse func(string) (T, error)) (T, error) {
	if value(c, name) == "" {
		return "", nil
	}
	return id(c, name, parse)
}

func value(c echo.Context, name string) string {
	if v := c.Param(name); v != "" {
		return v
	}
	return c.QueryParam(name)
}

// named parses an id from wherever it came.
func named[T ~string](name, s string, parse func(string) (T, error)) (T, error) {
	v, err := parse(s)
	if err != nil {
		return "", iam.ErrID.At(name, "is not an id")
	}
	return v, nil
}

// textMost is how long a searched text may be, in characters.
const textMost = 80

// text takes a text to search for.
func text(c echo.Context, name string) (string, error) {
	s := strings.TrimSpace(c.QueryParam(name))
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 || utf8.RuneCountInString(s) > textMost {
		return "", problem.ErrMalformed.At(name, "is a text of at most 80 characters")
	}
	return s, nil
}

// oneOf takes one of a few words, or none.
func oneOf[T ~string](c echo.Context, name string, words ...T) (T, error) {
	s := T(c.QueryParam(name))
	if s == "" || slices.Contains(words, s) {
		return s, nil
	}
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return "", problem.ErrMalformed.At(name, "is one of "+strings.Join(all, ", "))
}

// moment takes a time as RFC 3339 writes it, between the years 1970 and 9999;
// zero for none.
func moment(c echo.Context, name string) (time.Time, error) {
	s := c.QueryParam(name)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !iam.Dated(t) {
		return time.Time{}, problem.ErrMalformed.At(name, "is a time like 2026-11-03T18:00:00Z")
	}
	return t.UTC(), nil
}

// yes takes true or false; false where there is nothing.
func yes(c echo.Context, name string) (bool, error) {
	switch c.QueryParam(name) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, problem.ErrMalformed.At(name, "is true or false")
}

package rest

import (
	"context"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
)

// parser takes an id from an address.
type parser[T ~string] func(string) (T, error)

// anyID is the parser of ids that have no type of their own.
func anyID[T ~string](s string) (T, error) {
	v, err := iam.ParseOrgID(s) // all ids are of one form
	return T(v), err
}

// words is the form of the ids of what people and programs are told.
var words = regexp.MustCompile(`^[0-9a-z]{20,26}$`)

func wordID(s string) (string, error) {
	if !words.MatchString(s) {
		return "", iam.ErrID
	}
	return s, nil
}

// listIn answers with a page of what a service lists of the thing that the
// address has under name.
func listIn[P ~string, S, T any](list, name string, parse parser[P], all func(context.Context, P) ([]S, error), as func(S) T, idOf func(T) string) echo.HandlerFunc {
	return func(c echo.Context) error {
		of, err := id(c, name, parse)
		if err != nil {
			return err
		}
		return listOf(c, list, func() ([]S, error) { return all(c.Request().Context(), of) }, as, idOf)
	}
}

// counts runs a deed on the thing that the address has under name, and answers
// with how many things it had to do.
func counts[T ~string](name string, parse parser[T], deed func(context.Context, T) (int, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		which, err := id(c, name, parse)
		if err != nil {
			return err
		}
		n, err := deed(c.Request().Context(), which)
		if err != nil {
			return err
		}
		return say(c, http.StatusOK, struct {
			Count int `json:"count"`
		}{n})
	}
}

// doesIn runs a deed on a thing inside another, by the names that they have in the
// address, after which there is nothing to say.
func doesIn[O, T ~string](outer string, parseOuter parser[O], name string, parse parser[T], deed func(context.Context, O, T) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		of, err := id(c, outer, parseOuter)
		if err != nil {
			return err
		}
		which, err := id(c, name, parse)
		if err != nil {
			return err
		}
		return silently(c, deed(c.Request().Context(), of, which))
	}
}

// silently answers that a deed is done, or why not.
func silently(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

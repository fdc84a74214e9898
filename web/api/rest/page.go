package rest

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/iam/fault"
	"halfkey/web/problem"
)

// How many items a page has: unless said otherwise, and at most.
const (
	pageUsual = 50
	pageMost  = 200
)

// ErrListMoved says that where the next page began is gone.
var ErrListMoved = fault.New(fault.Gone, "list-moved", "This list has changed. Begin again without a cursor.")

// page is a part of a list, and the address of the next part.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitzero"`
}

// window is the part of a list that a request asks for.
type window struct {
	list  string
	after string
	limit int
}

// windowOf reads cursor and limit.
func windowOf(c echo.Context, list string) (w window, err error) {
	w = window{list: list, limit: pageUsual}
	if w.after, err = parseCursor(list, c.QueryParam("cursor")); err != nil {
		return w, err
	}
	if s := c.QueryParam("limit"); s != "" {
		if w.limit, err = strconv.Atoi(s); err != nil || w.limit < 1 || w.limit > pageMost {
			return w, problem.ErrMalformed.At("limit", "is a number from 1 to "+strconv.Itoa(pageMost))
		}
	}
	return w, nil
}

// sayPage answers with items, of which there is one more than the window's limit
// if there is a next page; idOf gives where that begins.
func sayPage[T any](c echo.Context, w window, items []T, idOf func(T) string) error {
	last := ""
	if len(items) > w.limit {
		last = idOf(items[w.limit-1])
	}
	return sayPageAt(c, w, items, last)
}

// sayPageAt is sayPage that is told where the next page begins.
func sayPageAt[T any](c echo.Context, w window, items []T, after string) error {
	p := page[T]{Items: items}
	c.Set(columnsKey, columnsOf(reflect.TypeFor[T]()))
	if len(items) > w.limit {
		p.Items = items[:w.limit]
		q := url.Values{}
		for name, values := range c.QueryParams() {
			q[name] = values
		}
		q.Set("cursor", cursor(w.list, after))
		p.Next = c.Request().URL.Path + "?" + q.Encode()
		c.Response().Header().Set("Link", "<"+p.Next+`>; rel="next"`)
	}
	return say(c, http.StatusOK, p)
}

// sayPart cuts the window out of a list that is there as a whole.
func sayPart[T any](c echo.Context, w window, all []T, idOf func(T) string) error {
	if w.after != "" {
		at := 0
		for at < len(all) && idOf(all[at]) != w.after {
			at++
		}
		if at == len(all) {
			return ErrListMoved
		}
		all = all[at+1:]
	}
	return sayPage(c, w, all[:min(len(all), w.limit+1)], idOf)
}

// listOf answers with a page of what a service lists as a whole, each item as
// the API shows it.
func listOf[S, T any](c echo.Context, list string, all func() ([]S, error), as func(S) T, idOf func(T) string) error {
	w, err := windowOf(c, list)
	if err != nil {
		return err
	}
	found, err := all()
	if err != nil {
		return err
	}
	items := make([]T, len(found))
	for i, s := range found {
		items[i] = as(s)
	}
	return sayPart(c, w, items, idOf)
}

// known refuses parameters that an address does not take, so that a filter
// which is mistyped does not list everything.
func known(names ...string) echo.MiddlewareFunc {
	allowed := map[string]bool{}
	for _, n := range names {
		allowed[n] = true
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			for name, values := range c.QueryParams() {
				if !allowed[name] {
					return problem.ErrMalformed.At(cut(name, 100), "is not known here")
				}
				if len(values) > 1 {
					return problem.ErrMalformed.At(name, "comes twice")
				}
			}
			return next(c)
		}
	}
}

// paged is known for a list, which can be had as a file as well.
func paged(names ...string) echo.MiddlewareFunc {
	checked := known(append(names, "cursor", "limit", "format")...)
	return func(next echo.HandlerFunc) echo.HandlerFunc { return checked(exported(next)) }
}

// Package show answers with a page, and with the headers that guard a browser.
package show

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"halfkey/web/ui"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Page draws a page whole before the first byte goes out, so that a failure on
// the way becomes an error page and not half a page. Pages are for one viewer
// at one moment: nobody keeps them.
func Page(c echo.Context, status int, page templ.Component) error {
	return answer(c, status, page, ui.CSP)
}

// Framed is Page for a page that anybody may put inside his own.
func Framed(c echo.Context, status int, page templ.Component) error {
	return answer(c, status, page, strings.Replace(ui.CSP, "frame-ancestors 'none'", "frame-ancestors *", 1))
}

func answer(c echo.Context, status int, page templ.Component, policy string) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := page.Render(c.Request().Context(), b); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer") // an invitation's address is its permission
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), serial=(self)")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	c.Response().WriteHeader(status)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write(b.Bytes())
	return err
}

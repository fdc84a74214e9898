// Package file carries files that are too long for memory: out as they are read,
// in as they arrive. The doors' own deadlines are for answers and requests that
// are short; here each piece has its own. It knows neither pages nor the API.
package file

import (
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	patience = 30 * time.Second // for one piece of a file that goes out
	arrival  = 10 * time.Minute // for a whole file that comes in
)

// Send answers with a file that write gives piece by piece. What fails before the
// first piece is returned; after it the connection is cut, for half a file must
// not look like a whole one.
func Send(c echo.Context, name, mime string, write func(io.Writer) error) error {
	r := c.Response()
	r.Header().Set("Content-Type", mime)
	r.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	r.Header().Set("Cache-Control", "no-store")
	switch err := write(&slow{r, http.NewResponseController(r)}); {
	case err == nil && !r.Committed:
		r.WriteHeader(http.StatusOK)
	case err != nil && r.Committed:
		panic(http.ErrAbortHandler)
	case err != nil:
		r.Header().Del("Content-Type")
		r.Header().Del("Content-Disposition")
		return err
	}
	return nil
}

// slow gives the reader time for each piece.
type slow struct {
	io.Writer
	control *http.ResponseController
}

func (s *slow) Write(b []byte) (int, error) {
	_ = s.control.SetWriteDeadline(time.Now().Add(patience)) // a writer without deadlines has no need of one
	return s.Writer.Write(b)
}

// Expect lets a request that brings a file take its time, and its answer after it.
func Expect(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		control := http.NewResponseController(c.Response())
		_ = control.SetReadDeadline(time.Now().Add(arrival))
		_ = control.SetWriteDeadline(time.Now().Add(arrival + patience))
		return next(c)
	}
}

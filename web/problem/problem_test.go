package problem

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/wire"
	"halfkey/iam/fault"
)

var errTaken = fault.New(fault.Conflict, "name-taken", "There is one of that name already.")

func serve(t *testing.T, h *Handler, method, accept string, fail error) *httptest.ResponseRecorder {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = h.Handle
	e.Any("/x/:id", func(echo.Context) error { return fail })
	r := httptest.NewRequest(method, "/x/7?key=QK7M2X9D4T", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func TestAFaultIsAProblemDocument(t *testing.T) {
	w := serve(t, &Handler{}, "GET", "*/*", fmt.Errorf("rename: %w", errTaken.At("name", `"<x>" is taken`).Retry(90*time.Second)))
	want := `{"type":"urn:halfkey:problem:name-taken","title":"There is one of that name already.","status":409,"errors":[{"where":"name","what":"\"\u003cx\u003e\" is taken"}]}`
	if w.Code != 409 || w.Body.String() != want {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if h := w.Header(); h.Get("Content-Type") != "application/problem+json" || h.Get("Retry-After") != "90" || h.Get("Content-Length") == "" {
		t.Fatalf("%v", w.Header())
	}
}

func TestABrowserGetsAPage(t *testing.T) {
	h := &Handler{Page: func(c echo.Context, status int, f *fault.Fault) error {
		return c.HTML(status, "<h1>"+f.Sentence+"</h1>")
	}}
	if w := serve(t, h, "GET", "text/html,*/*;q=0.8", errTaken); w.Code != 409 || !strings.HasPrefix(w.Body.String(), "<h1>") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := serve(t, h, "GET", "application/json", errTaken); !strings.HasPrefix(w.Body.String(), "{") {
		t.Fatalf("a program got a page: %s", w.Body)
	}
	if w := serve(t, h, "HEAD", "text/html", errTaken); w.Code != 409 || w.Body.Len() != 0 {
		t.Fatalf("HEAD: %d %s", w.Code, w.Body)
	}
}

func TestOurOwnTroubleIsLoggedAndNotTold(t *testing.T) {
	var log bytes.Buffer
	h := &Handler{Log: slog.New(slog.NewTextHandler(&log, nil))}
	w := serve(t, h, "GET", "*/*", errors.New("dial tcp 10.0.0.3: refused"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "10.0.0.3") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "10.0.0.3") || strings.Contains(log.String(), "QK7M2X9D4T") {
		t.Fatalf("log: %s", log.String())
	}
}

func TestErrorsOfEchoAndOfParsers(t *testing.T) {
	_, form := wire.ParseSerial("?")
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"no route":    {echo.ErrNotFound, 404, "no-such-page"},
		"method":      {echo.ErrMethodNotAllowed, 405, "method-not-allowed"},
		"too large":   {echo.ErrStatusRequestEntityTooLarge, 413, "too-large"},
		"bad form":    {echo.NewHTTPError(http.StatusBadRequest, "strconv: x"), 400, "malformed"},
		"media type":  {echo.ErrUnsupportedMediaType, 415, "malformed"},
		"a parser":    {fmt.Errorf("serial: %w", form), 400, "malformed"},
		"fault first": {echo.NewHTTPError(400).SetInternal(errTaken), 409, "name-taken"},
		"echo's 500":  {echo.ErrInternalServerError, 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, f := Of(c.err); status != c.status || f.Code != c.code {
				t.Fatalf("%d %s", status, f.Code)
			}
		})
	}
}

func TestRetryAfterIsWholeSecondsWithinAnHour(t *testing.T) {
	for in, want := range map[time.Duration]string{0: "", time.Millisecond: "1", 1500 * time.Millisecond: "2", 3 * time.Hour: "3600"} {
		if got := RetryAfter(in); got != want {
			t.Errorf("%v: %q", in, got)
		}
	}
}

package rest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/web/problem"
)

// bodyMost is the largest JSON document that is read, in bytes.
const bodyMost = 256 << 10

// What can be wrong with a body before anybody looks what it says.
var (
	ErrMedia = fault.New(fault.Malformed, "media-type", "Send application/json.")
	ErrBody  = fault.New(fault.Malformed, "body-malformed", "The body is not what this address takes.")
)

// read takes the request's body into v, a struct of its own. It is strict: names
// in just that case, none twice, none that is not known; at most bodyMost bytes.
func read(c echo.Context, v any) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != "application/json" {
		return ErrMedia
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, bodyMost))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return problem.ErrTooLarge
		}
		return ErrBody.At("body", "ended early")
	}
	return parse(raw, v)
}

// parse is read on a document in memory. It fails with ErrBody, which says where
// and what; where is a path such as /items/0/name, without the first slash.
func parse(raw []byte, v any) error {
	err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true), json.WithUnmarshalers(moments))
	if err == nil {
		return nil
	}
	where, what := "body", "is not JSON"
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		where = whereOf(syntax.JSONPointer)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			what = "comes twice"
		}
	}
	if meaning, ok := errors.AsType[*json.SemanticError](err); ok {
		where, what = whereOf(meaning.JSONPointer), "has the wrong form"
		switch {
		case errors.Is(err, json.ErrUnknownName):
			what = "is not known here"
		case meaning.JSONKind == 'n':
			what = "is null, which says nothing here"
		case meaning.GoType != nil && strings.HasSuffix(meaning.GoType.String(), "time.Time"):
			what = "is not a time like 2026-11-03T18:00:00Z"
		}
	}
	return ErrBody.At(where, what)
}

// moments takes only those that can be told again: 9999-12-31T23:59:59-12:00 lies
// in the year 10000, and no list with it in could be written any more. The zero
// time is none at all, as programs write it.
var moments = json.UnmarshalFunc(func(raw []byte, t *time.Time) error {
	*t = time.Time{}
	if err := t.UnmarshalJSON(raw); err != nil {
		return err
	}
	if !t.IsZero() && !iam.Dated(*t) {
		return fmt.Errorf("is of the year %d", t.UTC().Year())
	}
	return nil
})

// whereOf names a member as its caller wrote it.
func whereOf(p jsontext.Pointer) string {
	if s := strings.TrimPrefix(string(p), "/"); s != "" {
		return cut(s, 100)
	}
	return "body"
}

// cut keeps at most most bytes of what a caller wrote, on whole characters.
func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}

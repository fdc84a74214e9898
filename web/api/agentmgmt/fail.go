package agentmgmt

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam/fault"
	"halfkey/web/problem"
)

// Failures of the form of a request.
var (
	errBody      = fault.New(fault.Malformed, "agent-request", "The request cannot be read.")
	errTooLarge  = fault.New(fault.TooLarge, "agent-too-large", "The body is larger than this address takes.")
	errMethod    = fault.New(fault.Malformed, "agent-method", "This address does not take that method.")
	errGrantType = fault.New(fault.Malformed, "agent-grant-type", "The grant type is client_credentials.")
	errForm      = fault.New(fault.Malformed, "agent-form", "A field of the form is missing.")
	errBearer    = fault.New(fault.Unauthenticated, "agent-bearer", "A bearer token is needed.")
)

func notAllowed(echo.Context) error { return errMethod }

// failure is the body of every refusal but those of the three IAM calls.
type failure struct {
	ID      string `json:"id"`
	Message string `json:"message"`
}

// oauthFailure is RFC 6749's, with the request's id in place of a cause.
type oauthFailure struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// statusOf keeps to the numbers that the C client knows: 400, 401, 403, 404,
// 405, 409, 412, 413, 429 and 500.
func statusOf(f *fault.Fault) int {
	if errors.Is(f, errMethod) {
		return http.StatusMethodNotAllowed
	}
	switch f.Kind {
	case fault.Unprocessable:
		return http.StatusBadRequest
	case fault.Gone:
		return http.StatusNotFound
	case fault.Internal, fault.Unavailable:
		return http.StatusInternalServerError
	}
	return f.Kind.Status()
}

// answer turns an error of next into the platform's body.
func (h *Handler) answer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := next(c); err != nil && !c.Response().Committed {
			return h.fail(c, err)
		}
		return nil
	}
}

func (h *Handler) fail(c echo.Context, err error) error {
	f := fault.Of(err)
	status := h.head(c, f)
	return c.JSON(status, failure{correlation(c), sentence(f)})
}

// answerOAuth turns an error of next into OAuth's body.
func (h *Handler) answerOAuth(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err == nil || c.Response().Committed {
			return nil
		}
		f := fault.Of(err)
		status, id := h.head(c, f), "["+correlation(c)+"]"
		code, says := oauthCode(f)
		if says {
			id = sentence(f) + " " + id
		}
		return c.JSON(status, oauthFailure{code, id})
	}
}

// oauthCode is OAuth's word for a fault; says tells whether its sentence may be heard.
func oauthCode(f *fault.Fault) (code string, says bool) {
	switch {
	case errors.Is(f, agents.ErrToken):
		return "token_validation_failed", false
	case errors.Is(f, agents.ErrClient):
		return "invalid_client", false
	case errors.Is(f, agents.ErrMetadata), errors.Is(f, errBody):
		return "invalid_client_metadata", true
	case errors.Is(f, errGrantType):
		return "unsupported_grant_type", true
	case f.Kind == fault.TooMany:
		return "slow_down", true
	case f.Kind == fault.Internal, f.Kind == fault.Unavailable:
		return "server_error", false
	}
	return "invalid_request", true
}

// head sets what goes with the status, and tells the log of our own trouble.
func (h *Handler) head(c echo.Context, f *fault.Fault) int {
	status := statusOf(f)
	header := c.Response().Header()
	if after := problem.RetryAfter(f.RetryAfter); after != "" {
		header.Set("Retry-After", after)
	}
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusInternalServerError:
		h.Log.Error("request failed", "route", c.Path(), "request", correlation(c), "error", f)
	}
	return status
}

// sentence says what is wrong and where.
func sentence(f *fault.Fault) string {
	var s strings.Builder
	s.WriteString(f.Sentence)
	for _, e := range f.Fields {
		s.WriteString(" " + e.Where + ": " + e.What + ".")
	}
	return s.String()
}

// at says in which part of a request a fault is.
func at(err error, where string) error {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	c := *f
	c.Fields = nil
	moved := &c
	for _, e := range f.Fields {
		moved = moved.At(where+"."+strings.TrimPrefix(e.Where, "."), e.What)
	}
	return moved
}

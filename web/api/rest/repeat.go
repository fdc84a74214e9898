package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/web/problem"
)

// fileMost is the largest body of all, a file, in bytes.
const fileMost = 4 << 20

// once does a request that carries an Idempotency-Key one time only: who sends it
// again hears the same answer. Without the header nothing is kept.
func (a *API) once(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		values := c.Request().Header.Values("Idempotency-Key")
		if len(values) == 0 {
			return next(c)
		}
		key, err := iam.ParseIdempotencyKey(values[0])
		if err != nil || len(values) > 1 {
			return iam.ErrKeyMalformed
		}
		asked, err := a.asked(c, key)
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		answer, status, err := a.Answers.Begin(ctx, asked)
		if err != nil {
			return err
		}
		if status != 0 {
			return replay(c, status, answer)
		}
		return a.keep(c, asked, next)
	}
}

// asked sums up all of a request that its answer goes by.
func (a *API) asked(c echo.Context, key string) (r iam.Asked, err error) {
	req := c.Request()
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), req.Body, fileMost))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return r, problem.ErrTooLarge
		}
		return r, ErrBody.At("body", "ended early")
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	hash := sha256.New()
	for _, part := range []string{req.Method, req.URL.RequestURI(), req.Header.Get(echo.HeaderContentType)} {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	hash.Write(body)
	return iam.Asked{Who: asker(req.Context()), Key: key, Request: [32]byte(hash.Sum(nil)), ID: c.Response().Header().Get(echo.HeaderXRequestID)}, nil
}

// asker is whose answers a request may hear again: a token hears none that was
// given to its person's browser, or to a token of his that may do more.
func asker(ctx context.Context) string {
	who := audit.ActorFrom(ctx)
	name := who.Type + ":" + who.ID
	if b, ok := iam.BearerOf(ctx); ok {
		name += "|token|" + b.CutRole + "|" + string(b.CutOrg)
	}
	return name
}

// kept is an answer as it is stored.
type kept struct {
	Location string `json:"location"`
	ETag     string `json:"etag"`
	Body     []byte `json:"body"`
}

// keep does the deed and stores its answer. A refusal changed nothing and is not
// stored; after trouble of our own nobody knows, so the request stays open.
func (a *API) keep(c echo.Context, asked iam.Asked, next echo.HandlerFunc) error {
	ctx := c.Request().Context()
	out := c.Response().Writer
	held := &holding{header: c.Response().Header()}
	err := aside(c, held, next)
	if err != nil {
		if kind := fault.Of(err).Kind; kind != fault.Internal && kind != fault.Unavailable {
			err = errors.Join(err, a.Answers.Forget(ctx, asked))
		}
		return err
	}
	h := c.Response().Header()
	doc, err := json.Marshal(kept{h.Get("Location"), h.Get("ETag"), held.body.Bytes()})
	if err == nil && len(doc) <= iam.AnswerMost {
		err = a.Answers.Keep(ctx, asked, held.status, doc)
	}
	if err != nil {
		a.Log.Error("an answer is not kept", "route", c.Path(), "error", err)
	}
	out.WriteHeader(held.status)
	_, err = out.Write(held.body.Bytes())
	return err
}

// replay gives a kept answer.
func replay(c echo.Context, status int, answer []byte) error {
	var k kept
	if err := json.Unmarshal(answer, &k); err != nil {
		return err
	}
	h := c.Response().Header()
	for name, value := range map[string]string{"Location": k.Location, "ETag": k.ETag} {
		if value != "" {
			h.Set(name, value)
		}
	}
	h.Set("Idempotency-Replayed", "true")
	if len(k.Body) == 0 {
		return c.NoContent(status)
	}
	return c.Blob(status, echo.MIMEApplicationJSON, k.Body)
}

// holding keeps an answer back until it is stored.
type holding struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *holding) Header() http.Header         { return h.header }
func (h *holding) WriteHeader(status int)      { h.status = status }
func (h *holding) Write(b []byte) (int, error) { return h.body.Write(b) }

// aside runs a handler whose answer goes to held.
func aside(c echo.Context, held *holding, next echo.HandlerFunc) error {
	out := c.Response().Writer
	defer func() { c.Response().Writer = out }() // also when it panics
	c.Response().Writer = held
	return next(c)
}

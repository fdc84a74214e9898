package main

import (
	"fmt"
	"io"
	"net/http"
)

// inside carries a request to a handler of this process. What the handler writes
// is read as it comes, so that a long file is never in memory.
type inside struct{ handler http.Handler }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer console") // who acts is known; some doors look at nobody who shows nothing
	if r.Body == nil {
		r.Body = http.NoBody
	}
	out, in := io.Pipe()
	a := &heard{header: http.Header{}, begun: make(chan struct{}), over: make(chan struct{}), body: in}
	go a.hear(i.handler, r)
	<-a.begun
	return &http.Response{Status: fmt.Sprint(a.status, " ", http.StatusText(a.status)), StatusCode: a.status, Header: a.said,
		Body: answerBody{out, a.over}, ContentLength: -1, Request: r}, nil
}

// heard is an answer on its way.
type heard struct {
	header, said http.Header
	status       int
	body         *io.PipeWriter
	begun, over  chan struct{}
}

func (h *heard) hear(handler http.Handler, r *http.Request) {
	defer close(h.over)
	defer func() {
		switch p := recover(); p {
		case nil:
			h.body.Close()
		case http.ErrAbortHandler: // the answer broke off
			h.body.CloseWithError(io.ErrUnexpectedEOF)
		default:
			panic(p)
		}
	}()
	handler.ServeHTTP(h, r)
	h.WriteHeader(http.StatusOK)
}

func (h *heard) Header() http.Header { return h.header }

func (h *heard) WriteHeader(status int) {
	if h.said == nil {
		h.status, h.said = status, h.header.Clone()
		close(h.begun)
	}
}

func (h *heard) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *heard) Flush() {}

// answerBody is closed when its handler has ended, for then the house may be.
type answerBody struct {
	*io.PipeReader
	over <-chan struct{}
}

func (b answerBody) Close() error {
	b.PipeReader.Close()
	<-b.over
	return nil
}

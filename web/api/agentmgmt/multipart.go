package agentmgmt

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// exchangeMost is the largest message, in bytes.
const exchangeMost = 10 << 20

// tuplesMost is how many tuples one message carries.
const tuplesMost = 1000

// A tuple is what an agent says in one message: what it is, and the thing itself.
type tuple struct {
	kind    string // standardTimeSeries, businessEvent, file, dataSourceConfiguration or custom
	details json.RawMessage
	content []byte
}

// metaType is the content type of a tuple's first part.
const metaType = "application/vnd.siemens.mindsphere.meta+json"

type meta struct {
	Type    string `json:"type"`
	Payload struct {
		Type    string          `json:"type"`
		Details json.RawMessage `json:"details"`
	} `json:"payload"`
}

// parseExchange reads a message: parts of multipart/related in a
// multipart/mixed, each of a meta part and its content. The Node client ends
// lines with LF alone, the C client with CRLF, and leaves the last one out.
func parseExchange(contentType string, body []byte) ([]tuple, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/mixed" || params["boundary"] == "" {
		return nil, errBody.At("Content-Type", "is multipart/mixed with a boundary")
	}
	var all []tuple
	err = eachPart(body, params["boundary"], func(contentType string, content []byte) error {
		if len(all) == tuplesMost {
			return errBody.At("body", "has more than 1000 tuples")
		}
		t, err := parseTuple(contentType, content)
		all = append(all, t)
		return err
	})
	if err == nil && len(all) == 0 {
		err = errBody.At("body", "has no part")
	}
	return all, err
}

func parseTuple(contentType string, content []byte) (t tuple, err error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/related" || params["boundary"] == "" {
		return t, errBody.At("part", "is multipart/related with a boundary")
	}
	n := 0
	err = eachPart(content, params["boundary"], func(contentType string, content []byte) error {
		n++
		if n == 1 {
			var m meta
			if !strings.HasPrefix(contentType, metaType) || json.Unmarshal(content, &m) != nil {
				return errBody.At("meta", "is "+metaType)
			}
			t.kind, t.details = m.Payload.Type, m.Payload.Details
			return nil
		}
		if n == 2 {
			t.content = content
		}
		return nil
	})
	if err == nil && n < 2 {
		err = errBody.At("part", "has a meta part and a content")
	}
	return t, err
}

func eachPart(body []byte, boundary string, do func(contentType string, content []byte) error) error {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errBody.At("body", "is no whole multipart message")
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return errBody.At("body", "is no whole multipart message")
		}
		if err := do(p.Header.Get("Content-Type"), content); err != nil {
			return err
		}
	}
}

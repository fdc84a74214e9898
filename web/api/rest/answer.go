package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"halfkey/orgs"
)

// settled is a thing part of which changes by itself, such as a reading. The
// rest is what its version goes by.
type settled interface{ settled() any }

// tag is the version of a thing: a weak ETag, since the same version may come
// with another reading.
func tag(v any) (string, error) {
	if s, ok := v.(settled); ok {
		v = s.settled()
	}
	doc, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(doc)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, nil
}

// thing answers with one thing and its version.
func thing(c echo.Context, status int, v any) error {
	t, err := tag(v)
	if err != nil {
		return err
	}
	c.Response().Header().Set("ETag", t)
	if r := c.Request(); (r.Method == http.MethodGet || r.Method == http.MethodHead) && among(r.Header.Values("If-None-Match"), t) {
		return c.NoContent(http.StatusNotModified)
	}
	return say(c, status, v)
}

// say answers with a document.
func say(c echo.Context, status int, v any) error {
	doc, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	return c.Blob(status, echo.MIMEApplicationJSON, doc)
}

// still is nil when the thing is what the request's If-Match says, or it says
// nothing. It fails with orgs.ErrChanged.
func still(c echo.Context, v any) error {
	wanted := c.Request().Header.Values("If-Match")
	if len(wanted) == 0 {
		return nil
	}
	t, err := tag(v)
	if err == nil && !among(wanted, t) {
		err = orgs.ErrChanged
	}
	return err
}

// among looks for a tag in a header's list of tags; * is any. Weak or strong
// makes no difference: every tag of ours is weak.
func among(headers []string, tag string) bool {
	for _, h := range headers {
		for one := range strings.SplitSeq(h, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

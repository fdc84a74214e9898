package scim

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
)

// resource is a user or group as it is answered.
type resource interface {
	meta() meta
	shown(c echo.Context) map[string]any
}

// meta is what every resource has (RFC 7643, section 3.1).
type meta struct {
	kind              string // User or Group
	location          string
	created, modified time.Time
	version           int64
}

func (m meta) etag() string { return `W/"` + strconv.FormatInt(m.version, 10) + `"` }

func (m meta) doc() map[string]any {
	d := map[string]any{"resourceType": m.kind, "location": m.location, "created": m.created.Format(time.RFC3339Nano), "version": m.etag()}
	if !m.modified.IsZero() {
		d["lastModified"] = m.modified.Format(time.RFC3339Nano)
	}
	return d
}

// parseMatch reads If-Match: the version that the caller knows, or 0 for
// whatever it is. One that we never gave fits nothing.
func parseMatch(c echo.Context) (int64, error) {
	h := strings.TrimSpace(c.Request().Header.Get("If-Match"))
	if h == "" || h == "*" {
		return 0, nil
	}
	h = strings.TrimPrefix(h, "W/")
	n, err := strconv.ParseInt(strings.Trim(h, `"`), 10, 64)
	if err != nil || n < 1 || len(h) < 3 || h[0] != '"' || h[len(h)-1] != '"' {
		return 0, iam.ErrChanged
	}
	return n, nil
}

// always are the attributes that no caller can do without.
var always = map[string]bool{"schemas": true, "id": true, "meta": false}

// pick leaves of a document what the query asks for: attributes or
// excludedAttributes (RFC 7644, section 3.9).
func pick(c echo.Context, doc map[string]any) map[string]any {
	want, without := names(c.QueryParam("attributes")), names(c.QueryParam("excludedAttributes"))
	if len(want) == 0 && len(without) == 0 {
		return doc
	}
	for attr, value := range doc {
		name := strings.ToLower(attr)
		subs, named := want[name]
		switch {
		case always[attr]:
		case len(want) > 0 && !named, len(want) == 0 && drops(without, name):
			delete(doc, attr)
		case len(subs) > 0:
			if parts, ok := value.(map[string]any); ok {
				for part := range parts {
					if !subs[strings.ToLower(part)] {
						delete(parts, part)
					}
				}
			}
		}
	}
	return doc
}

func drops(without map[string]map[string]bool, name string) bool {
	subs, named := without[name]
	return named && len(subs) == 0
}

// names reads a list of attributes: each with the parts that are wanted, or none
// for all of it.
func names(list string) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, text := range strings.Split(list, ",") {
		if len(all) > condsMost {
			break
		}
		p, err := parsePath(text)
		if err != nil || len(p.where) > 0 {
			continue
		}
		subs, known := all[p.attr]
		switch {
		case p.sub == "":
			all[p.attr] = map[string]bool{}
		case !known:
			all[p.attr] = map[string]bool{p.sub: true}
		case len(subs) > 0:
			subs[p.sub] = true
		}
	}
	return all
}

package scim

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/problem"
)

const (
	userSchema   = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema  = "urn:ietf:params:scim:schemas:core:2.0:Group"
	listSchema   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchSchema  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	errorSchema  = "urn:ietf:params:scim:api:messages:2.0:Error"
	configSchema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	typeSchema   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema = "urn:ietf:params:scim:schemas:core:2.0:Schema"

	mime = "application/scim+json"
)

// What a request can have wrong, with SCIM's own word for it (RFC 7644, table 9).
var (
	errFilter   = fault.New(fault.Malformed, "scim-filter", "This filter cannot be read: eq and and are understood.")
	errPath     = fault.New(fault.Malformed, "scim-path", "This path names no attribute.")
	errSyntax   = fault.New(fault.Malformed, "scim-syntax", "The body cannot be read as what it should be.")
	errValue    = fault.New(fault.Malformed, "scim-value", "A value is missing or does not fit its attribute.")
	errNoTarget = fault.New(fault.Malformed, "scim-target", "No value fits the path's condition.")
	// RFC 7644, section 4: what is to be discovered is not filtered.
	errFilterHere = fault.New(fault.Refused, "scim-no-filter", "Nothing is filtered here.")
	errMutable    = fault.New(fault.Malformed, "scim-mutability", "This attribute cannot be changed.")
)

var scimTypes = map[string]string{
	errFilter.Code: "invalidFilter", errPath.Code: "invalidPath", errSyntax.Code: "invalidSyntax", errValue.Code: "invalidValue",
	errNoTarget.Code: "noTarget", errMutable.Code: "mutability", iam.ErrEmailTaken.Code: "uniqueness", orgs.ErrUserName.Code: "uniqueness",
	iam.ErrForm.Code: "invalidValue", iam.ErrID.Code: "", orgs.ErrMember.Code: "invalidValue",
}

// errors turns every failure into SCIM's own answer (RFC 7644, section 3.12).
func errors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err == nil || c.Response().Committed {
			return err
		}
		status, f := problem.Of(err)
		if status >= http.StatusInternalServerError {
			return err // which the house notes and answers
		}
		if f.Kind == fault.Unprocessable {
			status = http.StatusBadRequest
		}
		switch f.Code {
		case iam.ErrID.Code, policies.ErrHidden.Code:
			status = http.StatusNotFound // no id of ours, so nobody's
		}
		body := map[string]any{"schemas": []string{errorSchema}, "status": strconv.Itoa(status), "detail": sentence(f)}
		if t := scimTypes[f.Code]; t != "" {
			body["scimType"] = t
		}
		if after := problem.RetryAfter(f.RetryAfter); after != "" {
			c.Response().Header().Set("Retry-After", after)
		}
		return write(c, status, body)
	}
}

func sentence(f *fault.Fault) string {
	text := f.Sentence
	for _, w := range f.Fields {
		text += " (" + w.Where + ": " + w.What + ")"
	}
	return text
}

func write(c echo.Context, status int, body any) error {
	doc, err := json.Marshal(body)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(doc)))
	return c.Blob(status, mime, doc)
}

// list is a page of resources (RFC 7644, section 3.4.2).
func list(c echo.Context, all []resource, total, start int) error {
	docs := make([]any, len(all))
	for i, r := range all {
		docs[i] = r.shown(c)
	}
	return write(c, http.StatusOK, map[string]any{"schemas": []string{listSchema}, "totalResults": total, "startIndex": start, "itemsPerPage": len(all), "Resources": docs})
}

// one answers with a resource and its version.
func one(c echo.Context, status int, r resource) error {
	etag := r.meta().etag()
	h := c.Response().Header()
	h.Set("ETag", etag)
	if status == http.StatusCreated {
		h.Set("Location", r.meta().location)
	}
	if status == http.StatusOK && c.Request().Method == http.MethodGet && c.Request().Header.Get("If-None-Match") == etag {
		return c.NoContent(http.StatusNotModified)
	}
	return write(c, status, r.shown(c))
}

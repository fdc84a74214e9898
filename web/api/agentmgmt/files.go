package agentmgmt

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

// fileOf reads which file of which agent is meant.
func fileOf(c echo.Context) (id agents.ID, path string, err error) {
	if id, err = idOf(c); err != nil {
		return "", "", err
	}
	path = c.Param("*")
	if c.Request().URL.RawPath != "" { // the router has matched the path as it was sent
		if path, err = url.PathUnescape(path); err != nil {
			return "", "", agents.ErrPath.At("path", "is wrongly encoded")
		}
	}
	path, err = agents.ParsePath(strings.Clone(path))
	return id, path, err
}

// upload takes a file as a whole, or one step of an upload in parts.
func (h *Handler) upload(c echo.Context) error {
	id, path, err := fileOf(c)
	if err != nil {
		return err
	}
	u, err := uploadOf(c, id, path)
	if err != nil {
		return err
	}
	if c.Request().ContentLength > agents.PartMost {
		return errTooLarge
	}
	ctx, body := c.Request().Context(), c.Request().Body
	switch step, part := c.QueryParam("upload"), c.QueryParam("part"); {
	case part != "":
		n, err := strconv.Atoi(part)
		if err != nil {
			return agents.ErrPart.At("part", "is a number")
		}
		if err := h.Agents.Part(ctx, id, path, n, body); err != nil {
			return err
		}
		return c.NoContent(http.StatusOK)
	case step == "start", step == "abort":
		if err := h.Agents.Begin(ctx, id, path); err != nil {
			return err
		}
		return c.NoContent(http.StatusOK)
	case step == "complete":
		f, fresh, err := h.Agents.Complete(ctx, u, body)
		return saved(c, f, fresh, err)
	case step != "":
		return agents.ErrPart.At("upload", "is start, complete or abort")
	}
	f, fresh, err := h.Agents.Save(ctx, u, body)
	return saved(c, f, fresh, err)
}

// uploadOf reads what the headers say of a file.
func uploadOf(c echo.Context, id agents.ID, path string) (u agents.Upload, err error) {
	header := c.Request().Header
	u = agents.Upload{Agent: id, Path: path, Type: header.Get("type"), Description: header.Get("description")}
	if at := header.Get("timestamp"); at != "" {
		if u.Given, err = parseTime(at); err != nil {
			return u, agents.ErrPath.At("timestamp", "is a time in ISO 8601")
		}
	}
	if header.Get("If-Match") != "" {
		etag, err := ifMatch(c)
		if err != nil {
			return u, err
		}
		u.ETag = &etag
	}
	return u, nil
}

func saved(c echo.Context, f agents.File, fresh bool, err error) error {
	if err != nil {
		return err
	}
	c.Response().Header().Set("ETag", strconv.FormatInt(f.ETag, 10))
	if fresh {
		return c.NoContent(http.StatusCreated)
	}
	return c.NoContent(http.StatusOK)
}

// takeFile takes the file of a message.
func (h *Handler) takeFile(ctx context.Context, a agents.Agent, t tuple) error {
	var d struct {
		Name    string `json:"fileName"`
		Created string `json:"creationDate"`
		Type    string `json:"fileType"`
	}
	if err := json.Unmarshal(t.details, &d); err != nil {
		return errBody.At("details", "are not JSON of this form")
	}
	path, err := agents.ParsePath(d.Name)
	if err != nil {
		return agents.ErrPath.At("details.fileName", "is no path")
	}
	u := agents.Upload{Agent: a.ID, Path: path, Type: d.Type}
	if u.Given, err = parseTime(d.Created); err != nil {
		return errBody.At("details.creationDate", "is a time in ISO 8601")
	}
	_, _, err = h.Agents.Save(ctx, u, bytes.NewReader(t.content))
	return err
}

func (h *Handler) download(c echo.Context) error {
	id, path, err := fileOf(c)
	if err != nil {
		return err
	}
	f, content, err := h.Agents.OpenFile(c.Request().Context(), id, path)
	if err != nil {
		return err
	}
	defer content.Close()
	header := c.Response().Header()
	header.Set("Content-Type", "application/octet-stream") // never what the agent says: no page of ours runs it
	header.Set("Content-Disposition", "attachment")
	header.Set("ETag", `"`+strconv.FormatInt(f.ETag, 10)+`"`)
	http.ServeContent(c.Response(), c.Request(), "", f.Changed, content)
	return nil
}

type wireFile struct {
	Name        string `json:"name"`
	Path        string `json:"path"`
	Type        string `json:"type,omitempty"`
	Size        int64  `json:"size"`
	Timestamp   string `json:"timestamp,omitempty"`
	Updated     string `json:"updated"`
	Description string `json:"description,omitempty"`
	ETag        int64  `json:"etag"`
	SHA256      string `json:"sha256"`
}

func (h *Handler) files(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	limit := 500
	if text := c.QueryParam("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 500 {
			return errBody.At("limit", "is a number from 1 to 500")
		}
	}
	list, err := h.Agents.ListFiles(c.Request().Context(), id, c.QueryParam("after"), limit)
	if err != nil {
		return err
	}
	found := make([]wireFile, len(list))
	for i, f := range list {
		folder, name := "", f.Path
		if at := strings.LastIndexByte(f.Path, '/'); at >= 0 {
			folder, name = f.Path[:at], f.Path[at+1:]
		}
		found[i] = wireFile{Name: name, Path: folder, Type: f.Type, Size: f.Size, Updated: wireTime(f.Changed), Description: f.Description, ETag: f.ETag, SHA256: string(f.Digest)}
		if !f.Given.IsZero() {
			found[i].Timestamp = wireTime(f.Given)
		}
	}
	return c.JSON(http.StatusOK, found)
}

func (h *Handler) dropFile(c echo.Context) error {
	id, path, err := fileOf(c)
	if err != nil {
		return err
	}
	if err := h.Agents.DropFile(c.Request().Context(), id, path); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

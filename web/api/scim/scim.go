// Package scim lets another house's directory keep the people and teams of one
// tenant here (SCIM 2.0, RFC 7643 and 7644), as far as directories ask for it:
// find with eq and and, make, change, switch off, take out. It parses and
// answers; what a directory may do, orgs.Directory says.
package scim

import (
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/web/problem"
)

// Handler serves /scim/v2.
type Handler struct {
	Directory orgs.Directory
	Need      echo.MiddlewareFunc         // lets those in who show a token
	BaseURL   func(c echo.Context) string // where the caller finds us, no slash at the end
}

// Root is where everything of this door lies.
const Root = "/scim/v2"

// bodyMost is the longest body, in bytes: a group with ten thousand members.
const bodyMost = 2 << 20

// Mount adds the routes.
func (h *Handler) Mount(e *echo.Echo) {
	g := e.Group(Root, errors, h.Need)
	g.GET("/ServiceProviderConfig", h.config)
	g.GET("/ResourceTypes", h.types)
	g.GET("/ResourceTypes/:id", h.types)
	g.GET("/Schemas", h.schemas)
	g.GET("/Schemas/:id", h.schemas)
	for name, r := range map[string]routes{
		"/Users":  {h.listUsers, h.makeUser, h.getUser, h.putUser, h.patchUser, h.deleteUser},
		"/Groups": {h.listGroups, h.makeGroup, h.getGroup, h.putGroup, h.patchGroup, h.deleteGroup},
	} {
		g.GET(name, r.list)
		g.POST(name, r.make)
		g.GET(name+"/:id", r.get)
		g.PUT(name+"/:id", r.put)
		g.PATCH(name+"/:id", r.patch)
		g.DELETE(name+"/:id", r.remove)
	}
	g.Any("/*", func(echo.Context) error { return problem.ErrNoRoute })
}

type routes struct{ list, make, get, put, patch, remove echo.HandlerFunc }

func (h *Handler) at(c echo.Context, what string) string { return h.BaseURL(c) + Root + "/" + what }

func body(c echo.Context) ([]byte, error) {
	r := c.Request()
	mime, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(mime)) {
	case "application/scim+json", "application/json", "":
	default:
		return nil, errSyntax
	}
	all, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, bodyMost))
	if err != nil && strings.Contains(err.Error(), "too large") {
		return nil, problem.ErrTooLarge
	}
	if err != nil {
		return nil, errSyntax
	}
	return all, nil
}

func (h *Handler) user(c echo.Context, p orgs.DirectoryPerson) user {
	return user{DirectoryPerson: p, at: h.at(c, "Users")}
}

func (h *Handler) find(c echo.Context) (user, error) {
	id, err := iam.ParseUserID(c.Param("id"))
	if err != nil {
		return user{}, err
	}
	p, err := h.Directory.Person(c.Request().Context(), id)
	if !p.Reachable {
		p.Address = ""
	}
	return h.user(c, p), err
}

func (h *Handler) makeUser(c echo.Context) error {
	doc, err := body(c)
	if err != nil {
		return err
	}
	u, err := parseUser(doc, user{at: h.at(c, "Users")})
	if err != nil {
		return err
	}
	p, err := h.Directory.AddPerson(c.Request().Context(), u.DirectoryPerson)
	if err != nil {
		return err
	}
	return one(c, http.StatusCreated, h.user(c, p))
}

func (h *Handler) getUser(c echo.Context) error {
	u, err := h.find(c)
	if err != nil {
		return err
	}
	return one(c, http.StatusOK, u)
}

func (h *Handler) putUser(c echo.Context) error {
	return h.changeUser(c, parseUser)
}

func (h *Handler) patchUser(c echo.Context) error {
	return h.changeUser(c, func(doc []byte, was user) (user, error) {
		steps, err := parsePatch(doc)
		if err != nil {
			return was, err
		}
		u := was
		if err := apply(&u, steps); err != nil {
			return was, err
		}
		return u.finished(was), nil
	})
}

// changeUser reads what a user shall become from the body and what he is.
func (h *Handler) changeUser(c echo.Context, read func([]byte, user) (user, error)) error {
	version, err := parseMatch(c)
	if err != nil {
		return err
	}
	doc, err := body(c)
	if err != nil {
		return err
	}
	was, err := h.find(c)
	if err != nil {
		return err
	}
	u, err := read(doc, was)
	if err != nil {
		return err
	}
	p, err := h.Directory.ChangePerson(c.Request().Context(), u.DirectoryPerson, version)
	if err != nil {
		return err
	}
	return one(c, http.StatusOK, h.user(c, p))
}

func (h *Handler) deleteUser(c echo.Context) error {
	version, err := parseMatch(c)
	if err != nil {
		return err
	}
	id, err := iam.ParseUserID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.Directory.RemovePerson(c.Request().Context(), id, version); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

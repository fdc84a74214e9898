package scim

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

func (h *Handler) group(c echo.Context, g orgs.DirectoryGroup) group {
	return group{DirectoryGroup: g, at: h.at(c, "Groups")}
}

func (h *Handler) findGroup(c echo.Context) (group, error) {
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return group{}, err
	}
	g, err := h.Directory.Group(c.Request().Context(), id)
	return h.group(c, g), err
}

func (h *Handler) makeGroup(c echo.Context) error {
	doc, err := body(c)
	if err != nil {
		return err
	}
	g, err := parseGroup(doc, group{})
	if err != nil {
		return err
	}
	made, err := h.Directory.AddGroup(c.Request().Context(), g.DirectoryGroup)
	if err != nil {
		return err
	}
	return one(c, http.StatusCreated, h.group(c, made))
}

func (h *Handler) getGroup(c echo.Context) error {
	g, err := h.findGroup(c)
	if err != nil {
		return err
	}
	return one(c, http.StatusOK, g)
}

func (h *Handler) putGroup(c echo.Context) error { return h.changeGroup(c, parseGroup) }

func (h *Handler) patchGroup(c echo.Context) error {
	return h.changeGroup(c, func(doc []byte, g group) (group, error) {
		steps, err := parsePatch(doc)
		if err != nil {
			return g, err
		}
		return g, apply(&g, steps)
	})
}

// changeGroup reads what a group shall become from the body and what it is.
func (h *Handler) changeGroup(c echo.Context, read func([]byte, group) (group, error)) error {
	version, err := parseMatch(c)
	if err != nil {
		return err
	}
	doc, err := body(c)
	if err != nil {
		return err
	}
	was, err := h.findGroup(c)
	if err != nil {
		return err
	}
	g, err := read(doc, was)
	if err != nil {
		return err
	}
	changed, err := h.Directory.ChangeGroup(c.Request().Context(), g.DirectoryGroup, version)
	if err != nil {
		return err
	}
	return one(c, http.StatusOK, h.group(c, changed))
}

func (h *Handler) deleteGroup(c echo.Context) error {
	version, err := parseMatch(c)
	if err != nil {
		return err
	}
	id, err := iam.ParseOrgID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.Directory.RemoveGroup(c.Request().Context(), id, version); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

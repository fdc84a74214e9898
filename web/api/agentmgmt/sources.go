package agentmgmt

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

func (h *Handler) sources(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	s, err := h.Agents.Sources(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s)
}

func (h *Handler) configure(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	etag, err := ifMatch(c)
	if err != nil {
		return err
	}
	var s agents.Sources
	if err := readJSON(c, documentMost, &s); err != nil {
		return err
	}
	if s, err = h.Agents.Configure(c.Request().Context(), id, s, etag); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s)
}

package agentmgmt

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

func (h *Handler) makeMapping(c echo.Context) error {
	var m agents.Mapping
	if err := readJSON(c, documentMost, &m); err != nil {
		return err
	}
	id, err := agents.ParseID(string(m.Agent))
	if err != nil {
		return agents.ErrMapping.At("agentId", "is an agent's id")
	}
	m.Agent = id
	if m, err = h.Agents.Map(c.Request().Context(), m); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, m)
}

// mappings lists those of the agent that the filter names, or of the one that asks.
func (h *Handler) mappings(c echo.Context) error {
	_, size, err := pageOf(c, 2000, 2000)
	if err != nil {
		return err
	}
	var filter struct {
		Agent string `json:"agentId"`
	}
	if text := c.QueryParam("filter"); text != "" {
		if err := json.Unmarshal([]byte(text), &filter); err != nil {
			return agents.ErrFilter.At("filter", "is a JSON object with agentId")
		}
	}
	a, own := itself(c.Request().Context())
	if filter.Agent == "" && own {
		filter.Agent = string(a.ID)
	}
	id, err := agents.ParseID(filter.Agent)
	if err != nil {
		return agents.ErrFilter.At("filter.agentId", "is an agent's id")
	}
	list, err := h.Agents.Mappings(c.Request().Context(), id)
	if err != nil {
		return err
	}
	list = append([]agents.Mapping{}, list[:min(len(list), size)]...)
	return c.JSON(http.StatusOK, map[string]any{"content": list, "last": true, "first": true, "totalPages": 1, "totalElements": len(list),
		"numberOfElements": len(list), "size": size, "number": 0, "sort": nil})
}

func (h *Handler) dropMapping(c echo.Context) error {
	if err := h.Agents.Unmap(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

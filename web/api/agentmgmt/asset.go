package agentmgmt

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

type wireAsset struct {
	ID          agents.ID `json:"assetId"`
	Name        string    `json:"name"`
	Type        string    `json:"typeId"`
	Parent      agents.ID `json:"parentId,omitempty"`
	Description string    `json:"description,omitempty"`
	ETag        int       `json:"etag"`
}

func assetOnWire(a agents.Asset) wireAsset {
	return wireAsset{ID: a.ID, Name: a.Name, Type: a.Type, Parent: a.Parent, Description: a.Description}
}

func (h *Handler) rootAsset(c echo.Context) error {
	a, err := h.Agents.RootAsset(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, assetOnWire(a))
}

func (h *Handler) asset(c echo.Context) error {
	id, err := agents.ParseID(c.Param("id"))
	if err != nil {
		return agents.ErrAsset
	}
	a, err := h.Agents.Asset(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, assetOnWire(a))
}

func (h *Handler) createAsset(c echo.Context) error {
	var w wireAsset
	if err := readJSON(c, documentMost, &w); err != nil {
		return err
	}
	parent, err := agents.ParseID(string(w.Parent))
	if err != nil {
		return agents.ErrID.At("parentId", "is an asset's id")
	}
	a, err := h.Agents.CreateAsset(c.Request().Context(), parent, w.Name, w.Type, w.Description)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, assetOnWire(a))
}

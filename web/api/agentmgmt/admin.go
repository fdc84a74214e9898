package agentmgmt

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
)

// wireAgent is an agent as the platform's clients know it.
type wireAgent struct {
	ID       agents.ID      `json:"id"`
	ETag     string         `json:"eTag"`
	Name     string         `json:"name"`
	Profile  agents.Profile `json:"securityProfile"`
	EntityID agents.ID      `json:"entityId"`
}

func onWire(a agents.Agent) wireAgent {
	return wireAgent{a.ID, strconv.FormatInt(a.ETag, 10), a.Name, a.Profile, a.ID}
}

// wish is an agent to be made or changed. Org and network are ours, and may be left out.
type wish struct {
	Name     string          `json:"name"`
	Profile  string          `json:"securityProfile"`
	EntityID string          `json:"entityId"`
	Org      string          `json:"organisation"`
	Network  json.RawMessage `json:"network"`
}

const documentMost = 1 << 20

// readJSON reads a JSON body into what.
func readJSON(c echo.Context, most int64, into any) error {
	body, err := readOfJSON(c, most)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errBody.At("body", "is not JSON of this form")
	}
	return nil
}

// readOfJSON is a body that says of itself that it is JSON.
func readOfJSON(c echo.Context, most int64) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, errBody.At("Content-Type", "is application/json")
	}
	return readAll(c, most)
}

func (h *Handler) create(c echo.Context) error {
	var w wish
	if err := readJSON(c, documentMost, &w); err != nil {
		return err
	}
	profile, err := agents.ParseProfile(w.Profile)
	if err != nil {
		return err
	}
	made := agents.Wish{Name: w.Name, Profile: profile, Network: string(w.Network)}
	if w.EntityID != "" {
		if made.ID, err = agents.ParseID(w.EntityID); err != nil {
			return err
		}
	}
	if w.Org != "" {
		if made.Org, err = iam.ParseOrgID(w.Org); err != nil {
			return err
		}
	}
	a, err := h.Agents.Create(c.Request().Context(), made)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, onWire(a))
}

func (h *Handler) get(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	a, err := h.Agents.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, onWire(a))
}

func (h *Handler) change(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	etag, err := ifMatch(c)
	if err != nil {
		return err
	}
	var w wish
	if err := readJSON(c, documentMost, &w); err != nil {
		return err
	}
	profile, err := agents.ParseProfile(w.Profile)
	if err != nil {
		return err
	}
	a, err := h.Agents.Change(c.Request().Context(), id, agents.Change{Name: w.Name, Profile: profile, Network: string(w.Network), ETag: etag})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, onWire(a))
}

func (h *Handler) remove(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	etag, err := ifMatch(c)
	if err != nil {
		return err
	}
	if err := h.Agents.Remove(c.Request().Context(), id, etag); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// idOf is the agent of the address; what is no id names none.
func idOf(c echo.Context) (agents.ID, error) {
	id, err := agents.ParseID(c.Param("id"))
	if err != nil {
		return "", agents.ErrUnknown
	}
	return id, nil
}

// ifMatch is the decimal that the caller has seen; quotes round it do no harm.
func ifMatch(c echo.Context) (int64, error) {
	s := strings.Trim(c.Request().Header.Get("If-Match"), `" `)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, errBody.At("If-Match", "is the eTag that was read last, a decimal number")
	}
	return n, nil
}

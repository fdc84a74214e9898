package agentmgmt

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
)

// wireConfig is the boarding configuration. Clients compare the content with
// what they have: any change means "register again".
type wireConfig struct {
	Content    wireContent `json:"content"`
	Expiration string      `json:"expiration"`
}

type wireContent struct {
	BaseURL  string           `json:"baseUrl"`
	IAT      string           `json:"iat"`
	Profile  []agents.Profile `json:"clientCredentialProfile"` // exactly one
	ClientID agents.ID        `json:"clientId"`
	Tenant   string           `json:"tenant"`
}

func (h *Handler) boardingConfiguration(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	got, err := h.Agents.BoardingConfig(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, onFile(got))
}

func onFile(got agents.Config) wireConfig {
	return wireConfig{
		Content:    wireContent{got.BaseURL, got.Initial.Reveal(), []agents.Profile{got.Profile}, got.Client, got.Tenant},
		Expiration: wireTime(got.Expires),
	}
}

// BoardingFile is the boarding configuration as a file to hand to the agent.
func BoardingFile(got agents.Config) ([]byte, error) {
	text, err := json.MarshalIndent(onFile(got), "", "  ")
	return append(text, '\n'), err
}

type boardingState struct {
	Status agents.Boarding `json:"status"`
}

func (h *Handler) boardingStatus(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	a, err := h.Agents.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, boardingState{a.Boarding()})
}

func (h *Handler) offboard(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	if err := h.Agents.Offboard(c.Request().Context(), id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, boardingState{agents.NotOnboarded})
}

type onlineState struct {
	Status string `json:"status"`
	Since  string `json:"since"`
}

func (h *Handler) status(c echo.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	online, since, err := h.Agents.Status(c.Request().Context(), id)
	if err != nil {
		return err
	}
	s := onlineState{"OFFLINE", wireTime(iam.Time(since))}
	if online {
		s.Status = "ONLINE"
	}
	return c.JSON(http.StatusOK, s)
}

// wireTime is ISO 8601 with milliseconds, as the platform writes it.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

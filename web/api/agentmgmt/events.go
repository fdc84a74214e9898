package agentmgmt

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

// eventFields are an event's own; whatever else comes with one is given back as it was.
var eventFields = []string{"id", "entityId", "timestamp", "sourceType", "sourceId", "source", "severity", "description", "etag"}

// parseEvent reads an event as JSON.
func parseEvent(text []byte) (e agents.Event, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return e, errBody.At("body", "is a JSON object")
	}
	var w struct {
		Entity      string `json:"entityId"`
		Timestamp   string `json:"timestamp"`
		SourceType  string `json:"sourceType"`
		SourceID    string `json:"sourceId"`
		Source      string `json:"source"`
		Severity    scalar `json:"severity"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return e, errBody.At("body", "is not JSON of this form")
	}
	if e.Entity, err = agents.ParseID(w.Entity); err != nil {
		return e, agents.ErrEvent.At("entityId", "has 32 hexadecimal digits")
	}
	if e.At, err = parseTime(w.Timestamp); err != nil {
		return e, agents.ErrEvent.At("timestamp", "is a time in ISO 8601")
	}
	if w.Severity != "" {
		if e.Severity, err = strconv.Atoi(string(w.Severity)); err != nil {
			return e, agents.ErrEvent.At("severity", "is a number from 0 to 1000")
		}
	}
	e.SourceType, e.SourceID, e.Source, e.Description = w.SourceType, w.SourceID, w.Source, w.Description
	for _, name := range eventFields {
		delete(all, name)
	}
	if len(all) > 0 {
		e.More, err = json.Marshal(all)
	}
	return e, err
}

// eventOnWire is the event with all that came with it.
func eventOnWire(e agents.Event) map[string]any {
	w := map[string]any{}
	_ = json.Unmarshal(e.More, &w) // an object of ours
	for name, value := range map[string]any{"id": e.ID, "etag": 0, "typeId": "core.connectivity.event.type.MindConnectStandardEvent", "entityId": e.Entity,
		"timestamp": wireTime(e.At), "sourceType": e.SourceType, "sourceId": e.SourceID, "source": e.Source, "severity": e.Severity, "description": e.Description} {
		if _, given := w[name]; !given || name != "typeId" {
			w[name] = value
		}
	}
	return w
}

func (h *Handler) makeEvent(c echo.Context) error {
	body, err := readOfJSON(c, documentMost)
	if err != nil {
		return err
	}
	e, err := parseEvent(body)
	if err != nil {
		return err
	}
	if e, err = h.Agents.Tell(c.Request().Context(), e); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, eventOnWire(e))
}

// takeEvents takes the events of a message: an array, or one alone. An agent's
// message is about the agent where it names nobody.
func (h *Handler) takeEvents(ctx context.Context, a agents.Agent, content []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(content, &list) != nil {
		list = []json.RawMessage{content}
	}
	for i, text := range list {
		var named struct {
			Entity string `json:"entityId"`
		}
		if json.Unmarshal(text, &named) == nil && named.Entity == "" {
			var all map[string]any
			if json.Unmarshal(text, &all) == nil && all != nil {
				all["entityId"] = a.ID
				text, _ = json.Marshal(all)
			}
		}
		e, err := parseEvent(text)
		if err == nil {
			_, err = h.Agents.Tell(ctx, e)
		}
		if err != nil {
			return at(err, "event["+strconv.Itoa(i)+"]")
		}
	}
	return nil
}

func (h *Handler) events(c echo.Context) (err error) {
	var q agents.EventQuery
	if q, err = parseEventFilter(c.QueryParam("filter")); err != nil {
		return err
	}
	if q.Page, q.Size, err = pageOf(c, 20, 100); err != nil {
		return err
	}
	by, direction, _ := strings.Cut(c.QueryParam("sort"), ",")
	if by != "" && by != "timestamp" {
		return agents.ErrFilter.At("sort", "is by timestamp")
	}
	q.Up = by != "" && !strings.EqualFold(direction, "desc")
	list, total, err := h.Agents.Events(c.Request().Context(), q)
	if err != nil {
		return err
	}
	found := make([]map[string]any, len(list))
	for i, e := range list {
		found[i] = eventOnWire(e)
	}
	return c.JSON(http.StatusOK, map[string]any{"_embedded": map[string]any{"events": found},
		"page": map[string]int{"size": q.Size, "totalElements": total, "totalPages": (total + q.Size - 1) / q.Size, "number": q.Page}})
}

func (h *Handler) event(c echo.Context) error {
	e, err := h.Agents.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, eventOnWire(e))
}

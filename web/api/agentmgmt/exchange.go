package agentmgmt

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

// exchange takes what an agent measured, its events, files and, from the C
// client, its data source configuration. It answers 200; nobody reads the body.
func (h *Handler) exchange(c echo.Context) error {
	body, err := readAll(c, exchangeMost)
	if err != nil {
		return err
	}
	tuples, err := parseExchange(c.Request().Header.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	for i, t := range tuples {
		if err := h.take(c, t); err != nil {
			return at(err, "tuple["+strconv.Itoa(i)+"]")
		}
	}
	return c.JSON(http.StatusOK, struct{}{})
}

func (h *Handler) take(c echo.Context, t tuple) error {
	ctx := c.Request().Context()
	a, _ := itself(ctx)
	switch t.kind {
	case "standardTimeSeries":
		readings, err := parseReadings(t.content)
		if err != nil {
			return err
		}
		return h.Agents.Exchange(ctx, a.ID, readings)
	case "dataSourceConfiguration":
		var s agents.Sources
		if err := json.Unmarshal(t.content, &s); err != nil {
			return errBody.At("dataSourceConfiguration", "is not JSON of this form")
		}
		now, err := h.Agents.Sources(ctx, a.ID)
		if err != nil {
			return err
		}
		etag, _ := strconv.ParseInt(now.ETag, 10, 64)
		_, err = h.Agents.Configure(ctx, a.ID, s, etag)
		return err
	case "businessEvent":
		return h.takeEvents(ctx, a, t.content)
	case "file":
		return h.takeFile(ctx, a, t)
	}
	return errBody.At("payload.type", "is standardTimeSeries, businessEvent, file or dataSourceConfiguration")
}

type wireReading struct {
	Timestamp string `json:"timestamp"`
	Values    []struct {
		Point   string  `json:"dataPointId"`
		Quality scalar  `json:"qualityCode"`
		Value   *scalar `json:"value"`
	} `json:"values"`
}

// scalar is a text that may also come as a number or a truth value.
type scalar string

// UnmarshalJSON takes all three.
func (s *scalar) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, (*string)(s))
	}
	if len(text) == 0 || strings.IndexByte("{[n", text[0]) >= 0 {
		return errBody
	}
	*s = scalar(text)
	return nil
}

// parseReadings reads a time series: an array of moments, or one alone.
func parseReadings(content []byte) ([]agents.Reading, error) {
	var list []wireReading
	if err := json.Unmarshal(content, &list); err != nil {
		list = make([]wireReading, 1)
		if json.Unmarshal(content, &list[0]) != nil {
			return nil, errBody.At("timeSeries", "is an array of timestamps with values")
		}
	}
	readings := make([]agents.Reading, len(list))
	for i, w := range list {
		where := "[" + strconv.Itoa(i) + "]"
		when, err := parseTime(w.Timestamp)
		if err != nil {
			return nil, errBody.At(where+".timestamp", "is a time in ISO 8601")
		}
		r := agents.Reading{At: when}
		for j, v := range w.Values {
			if v.Point == "" || v.Value == nil {
				return nil, errBody.At(where+".values["+strconv.Itoa(j)+"]", "has dataPointId and value")
			}
			r.Values = append(r.Values, agents.Value{Point: v.Point, Quality: string(v.Quality), Value: string(*v.Value)})
		}
		readings[i] = r
	}
	return readings, nil
}

// earliest and latest are the times that a database keeps.
var earliest, latest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// parseTime reads ISO 8601 with a zone.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999Z0700", s)
	}
	if err == nil && (t.Before(earliest) || t.After(latest)) {
		err = errBody
	}
	return t.UTC(), err
}

package agentmgmt

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

// page is a part of a list.
type page struct {
	Content          []wireAgent  `json:"content"`
	Last             bool         `json:"last"`
	TotalPages       int          `json:"totalPages"`
	TotalElements    int          `json:"totalElements"`
	NumberOfElements int          `json:"numberOfElements"`
	First            bool         `json:"first"`
	Sort             []sortedPage `json:"sort"`
	Size             int          `json:"size"`
	Number           int          `json:"number"`
}

type sortedPage struct {
	Direction string `json:"direction"`
	Property  string `json:"property"`
	Ascending bool   `json:"ascending"`
}

func (h *Handler) list(c echo.Context) (err error) {
	var q agents.Query
	if q.Page, q.Size, err = pageOf(c, 20, 500); err != nil {
		return err
	}
	if q.Where, err = agents.ParseFilter(c.QueryParam("filter")); err != nil {
		return err
	}
	if q.Sort, err = agents.ParseSort(c.QueryParam("sort")); err != nil {
		return err
	}
	got, err := h.Agents.List(c.Request().Context(), q)
	if err != nil {
		return err
	}
	p := page{Content: []wireAgent{}, Sort: []sortedPage{}, TotalElements: got.Total, TotalPages: (got.Total + q.Size - 1) / q.Size,
		NumberOfElements: len(got.Agents), Size: q.Size, Number: q.Page, First: q.Page == 0, Last: (q.Page+1)*q.Size >= got.Total}
	for _, a := range got.Agents {
		p.Content = append(p.Content, onWire(a))
	}
	if q.Sort.By != "" {
		p.Sort = append(p.Sort, sortedPage{map[bool]string{false: "ASC", true: "DESC"}[q.Sort.Down], q.Sort.By, !q.Sort.Down})
	}
	return c.JSON(http.StatusOK, p)
}

// pageOf reads which page is asked for, from 0, and how large it may be.
func pageOf(c echo.Context, usual, most int) (page, size int, err error) {
	size = usual
	for _, n := range []struct {
		name        string
		into        *int
		least, most int
	}{{"page", &page, 0, 1 << 20}, {"size", &size, 1, most}} {
		s := c.QueryParam(n.name)
		if s == "" {
			continue
		}
		if *n.into, err = strconv.Atoi(s); err != nil || *n.into < n.least || *n.into > n.most {
			return 0, 0, errBody.At(n.name, "is a number from "+strconv.Itoa(n.least)+" to "+strconv.Itoa(n.most))
		}
	}
	return page, size, nil
}

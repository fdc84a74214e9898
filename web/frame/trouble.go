package frame

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam/fault"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// Trouble shows a fault to a person: what it is, what to do, and the number
// under which the log has it.
func (f *Frame) Trouble(c echo.Context, status int, fl *fault.Fault) error {
	ctx := c.Request().Context()
	e := ui.ErrorPage{Code: status, Title: troubleTitle(ctx, status), Text: fl.Sentence, RequestID: c.Response().Header().Get(echo.HeaderXRequestID)}
	switch {
	case fl.Code == ErrNowhere.Code: // his own page he still has
		e.Home, e.HomeText = "/me", ui.T(ctx, "ui.me")
	case status == http.StatusNotFound:
		e.Text = ui.T(ctx, "portal.error.404.text")
	case status == http.StatusForbidden:
		e.Help = ui.T(ctx, "portal.error.owner")
	case status == http.StatusInternalServerError:
		e.Text = ui.T(ctx, "portal.error.500.text")
	}
	return show.Page(c, status, troublePage(f.Door.Page(c, e.Title), e))
}

func troubleTitle(ctx context.Context, status int) string {
	switch status {
	case http.StatusForbidden:
		return ui.T(ctx, "portal.error.403")
	case http.StatusNotFound:
		return ui.T(ctx, "portal.error.404")
	case http.StatusGone:
		return ui.T(ctx, "portal.error.410")
	case http.StatusTooManyRequests:
		return ui.T(ctx, "portal.error.429")
	case http.StatusInternalServerError:
		return ui.T(ctx, "portal.error.500")
	case http.StatusServiceUnavailable:
		return ui.T(ctx, "portal.error.503")
	}
	return ui.T(ctx, "portal.error.title")
}

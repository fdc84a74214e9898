// Package notice shows a person what he was told, on whatever page is his home.
package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam/notify"
	"halfkey/web/auth"
	"halfkey/web/letter"
)

// Board reads and puts away what the viewer is told.
type Board struct{ Post *notify.Service }

// Line is one notice in the viewer's language.
type Line struct {
	ID, Text string
	At       time.Time
}

// For are the viewer's notices, newest first.
func (b Board) For(ctx context.Context) ([]Line, error) {
	me, ok := auth.Of(ctx)
	if !ok || b.Post == nil {
		return nil, nil
	}
	all, err := b.Post.Notices(ctx, string(me.User))
	if err != nil {
		return nil, err
	}
	var lines []Line
	for _, n := range all {
		if text, ok := letter.Sentence(ctx, n.Kind, n.Data); ok {
			lines = append(lines, Line{n.ID, text, n.At})
		}
	}
	return lines, nil
}

// Mount adds the way to put one away; g lets only those in who are signed in.
func (b Board) Mount(g *echo.Group) {
	g.POST("/notices/:id/dismiss", func(c echo.Context) error {
		me, ok := auth.Of(c.Request().Context())
		if !ok {
			return auth.ErrSignIn
		}
		if err := b.Post.Dismiss(c.Request().Context(), string(me.User), c.Param("id")); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
}

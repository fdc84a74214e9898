package rest

import (
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/web/letter"
)

func (a *API) news(g *echo.Group) {
	g.GET("/me/notices", a.notices, himself, paged())
	g.DELETE("/me/notices/:notice", a.dismiss, himself, known())
}

// notice is something that whoever asks was told.
type notice struct {
	ID   string    `json:"id"`
	Kind string    `json:"kind"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func (a *API) notices(c echo.Context) error {
	ctx := c.Request().Context()
	me, err := iam.PersonIn(ctx)
	if err != nil {
		return err
	}
	all := func() ([]notify.Notice, error) { return a.Post.Notices(ctx, string(me)) }
	as := func(n notify.Notice) notice {
		text, _ := letter.Sentence(ctx, n.Kind, n.Data)
		return notice{n.ID, n.Kind, text, n.At}
	}
	return listOf(c, "notices", all, as, func(n notice) string { return n.ID })
}

// dismiss puts a notice away.
func (a *API) dismiss(c echo.Context) error {
	which, err := id(c, "notice", wordID)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	me, err := iam.PersonIn(ctx)
	if err != nil {
		return err
	}
	return silently(c, a.Post.Dismiss(ctx, string(me), which))
}

package portal

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/policies"
	"halfkey/web/ask"
	"halfkey/web/auth"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// askHelp says what a way back in does.
func (p *Portal) askHelp(c echo.Context) error {
	ctx := c.Request().Context()
	h, who, err := p.helped(c)
	if err != nil {
		return err
	}
	text := ui.T(ctx, "mail.help.text.link", "Name", who.Name)
	if p.Recovery.Post.On() {
		text = ui.T(ctx, "mail.help.text.mail", "Name", who.Name, "Email", string(who.Email))
	}
	return show.Page(c, http.StatusOK, ask.Page(h.Page, ask.Question{
		Title: h.Page.Title, Text: text, Action: "/people/" + string(who.ID) + "/help", Hidden: ask.Hidden("org", string(h.Org.ID)),
		Yes: ui.T(ctx, "mail.help.do"), No: ui.T(ctx, "mail.help.no"), NoHref: peopleAt(string(h.Org.ID))}))
}

// help makes the link: it goes out by mail, or is shown this once.
func (p *Portal) help(c echo.Context) error {
	ctx := c.Request().Context()
	h, who, err := p.helped(c)
	if err != nil {
		return err
	}
	me, _ := auth.Of(ctx)
	token, err := p.Recovery.Help(ctx, me.User, who.ID)
	if err != nil {
		return err
	}
	link := ""
	if token != "" {
		link = p.BaseURL(c) + "/recover/" + token.Reveal()
	}
	return show.Page(c, http.StatusOK, helpedPage(h.Page, who.Name, link, peopleAt(string(h.Org.ID))))
}

// helped is the person that the address names, if the viewer may know and help him.
func (p *Portal) helped(c echo.Context) (h frame.Here, who iam.User, err error) {
	ctx := c.Request().Context()
	id, err := iam.ParseUserID(c.Param("id"))
	if err != nil {
		return h, who, err
	}
	if h, err = p.Frame.At(c, "", "people"); err != nil {
		return h, who, err
	}
	if who, err = p.Users.Get(ctx, id); err != nil || !p.knows(ctx, who) {
		return h, who, policies.ErrHidden
	}
	me, _ := auth.Of(ctx)
	h.Page.Title, h.Page.Path = ui.T(ctx, "mail.help.title", "Name", who.Name), peopleAt(string(h.Org.ID))
	return h, who, p.Orgs.MayHelp(ctx, me.User, id)
}

// knows tells whether the viewer sees the people where somebody is at home.
func (p *Portal) knows(ctx context.Context, who iam.User) bool {
	return p.Decider.May(ctx, policies.ReadPeople, who.Home)
}

// mountRecovery adds the pages of links that lead people back in.
func (p *Portal) mountRecovery(g *echo.Group) {
	g.GET("/people/:id/help", p.askHelp)
	g.HEAD("/people/:id/help", p.askHelp)
	g.POST("/people/:id/help", p.help, p.Frame.Door.Fresh)
}

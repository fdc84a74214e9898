package portal

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/frame"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// keysAt is the page of a place's registration keys.
func keysAt(org string) string { return "/devices/new/keys?org=" + org }

func keyPath(id iam.KeyID) string { return "/devices/new/keys/" + string(id) }

// keys lists the registration keys of a place, and offers to make one.
func (p *Portal) keys(c echo.Context) error {
	h, err := p.Frame.At(c, ui.T(c.Request().Context(), "portal.regkey.title"), "devices")
	if err != nil {
		return err
	}
	return p.answerKeys(c, http.StatusOK, h, keyForm{Form: string(orgs.Standard), Kind: "thermometer", Boarding: string(orgs.BoardAuto)})
}

func (p *Portal) answerKeys(c echo.Context, status int, h frame.Here, f keyForm) error {
	ctx := c.Request().Context()
	keys, err := p.Orgs.Keys(ctx, h.Org.ID)
	if err != nil {
		return err
	}
	v := keysPage{Org: h.Org.Name, OrgID: string(h.Org.ID), MayMake: p.Decider.May(ctx, policies.ManageRegistrationKey, h.Org.ID)}
	v.Form = f
	for _, k := range keys {
		line := p.keyLine(ctx, k)
		if k.Dead(p.Now()) {
			v.Dead = append(v.Dead, line)
		} else {
			v.Keys = append(v.Keys, line)
		}
	}
	h.Page.Path, h.Page.RegKey = keysAt(v.OrgID), nil
	for i, o := range h.Page.Orgs { // another place's keys, not its devices
		if id, ok := strings.CutPrefix(o.Href, "/devices?org="); ok {
			h.Page.Orgs[i].Href = keysAt(id)
		}
	}
	return show.Page(c, status, keysView(h.Page, v))
}

// keyLine is a key in words.
func (p *Portal) keyLine(ctx context.Context, k orgs.Key) keyLine {
	l := keyLine{ID: string(k.ID), Href: keyPath(k.ID), Label: k.Label, First: k.Hint + "…", Classic: k.Form == orgs.Classic, Simple: k.SimpleDoor,
		Kind: kindWord(ctx, k.DeviceKind), Boards: boardingWord(ctx, k.Boarding), Again: reboardingWord(ctx, k.Reboarding),
		Uses: strconv.FormatInt(k.Uses, 10), Made: k.CreatedAt, Ends: k.ExpiresAt, Dead: k.Dead(p.Now()), Retiring: k.State == orgs.KeyRetiring,
		MayShow: p.mayAdd(ctx, k.Org), MayEnd: p.Decider.May(ctx, policies.ManageRegistrationKey, k.Org)}
	if k.MaxUses > 0 {
		l.Uses = ui.T(ctx, "portal.regkey.uses", "N", k.Uses, "Max", k.MaxUses)
	}
	l.State, l.Open = p.keyState(ctx, k)
	return l
}

// keyState is one word or two on what a key is good for now.
func (p *Portal) keyState(ctx context.Context, k orgs.Key) (word string, open bool) {
	now := p.Now()
	switch {
	case k.Dead(now):
		return ui.T(ctx, "portal.regkey.revoked"), false
	case k.State == orgs.KeyRetiring:
		return ui.T(ctx, "portal.regkey.retiring", "Day", ui.Day(ctx, k.RetiresAt)), false
	case now.Before(k.NotBefore):
		return ui.T(ctx, "portal.regkey.early", "Day", ui.Day(ctx, k.NotBefore)), false
	case k.TakesNew(now):
		return ui.T(ctx, "portal.regkey.open"), true
	case k.MaxUses > 0 && k.Uses >= k.MaxUses:
		return ui.T(ctx, "portal.regkey.used"), false
	}
	return ui.T(ctx, "portal.regkey.expired"), false
}

func boardingWord(ctx context.Context, b orgs.Boarding) string {
	switch b {
	case orgs.BoardSerials:
		return ui.T(ctx, "portal.regkey.board.serials")
	case orgs.BoardApprove:
		return ui.T(ctx, "portal.regkey.board.approve")
	}
	return ui.T(ctx, "portal.regkey.board.auto")
}

func reboardingWord(ctx context.Context, r orgs.Reboarding) string {
	switch r {
	case orgs.ReboardAuto:
		return ui.T(ctx, "portal.regkey.again.auto")
	case orgs.ReboardDeny:
		return ui.T(ctx, "portal.regkey.again.deny")
	}
	return ui.T(ctx, "portal.regkey.again.approve")
}

func kindOptions(ctx context.Context) []ui.Option {
	var all []ui.Option
	for _, kind := range []string{"thermometer", "humidity", "gateway", "agent", "other"} {
		all = append(all, ui.Option{Value: kind, Label: kindWord(ctx, kind)})
	}
	return all
}

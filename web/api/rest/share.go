package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/orgs"
)

func (a *API) sharing(g *echo.Group) {
	g.GET("/shares", a.shares, paged("direction"))
	g.POST("/orgs/:org/shares", a.shareOrg, a.fresh, a.once, a.dry, known("dry_run"))
	g.POST("/devices/:device/shares", a.shareDevice, a.fresh, a.once, a.dry, known("dry_run"))
	g.DELETE("/shares/:share", a.answersShare(a.Orgs.EndShare), a.fresh, a.dry, how("dry_run"))
	g.POST("/shares/:share/accept", a.answersShare(func(ctx context.Context, s iam.AssignmentID, _ orgs.With) error {
		return a.Orgs.AcceptShare(ctx, s)
	}), a.fresh, a.dry, how("dry_run"))
	g.POST("/shares/:share/decline", a.answersShare(a.Orgs.DeclineShare), a.fresh, a.dry, how("dry_run"))
}

// share lets somebody in from elsewhere.
type share struct {
	ID         string    `json:"id"`
	Direction  string    `json:"direction"` // given or received
	Org        string    `json:"org"`
	OrgName    string    `json:"org_name"`
	TenantName string    `json:"tenant_name"`
	Device     string    `json:"device,omitzero"`
	DeviceName string    `json:"device_name,omitzero"`
	To         string    `json:"to_type"` // user or org
	Subject    string    `json:"to"`
	Name       string    `json:"to_name"`
	Role       string    `json:"role"`
	Until      time.Time `json:"until,omitzero"`
	Waiting    bool      `json:"waiting"`
	By         string    `json:"by"`
	ByName     string    `json:"by_name"`
	Reason     string    `json:"reason,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
}

func shareOf(direction string) func(orgs.Sharing) share {
	return func(s orgs.Sharing) share {
		return share{string(s.ID), direction, string(s.Org), s.OrgName, s.TenantName, string(s.Device), s.DeviceName, string(s.To), string(s.Subject), s.Name,
			string(s.Role), s.Until, s.Waiting, string(s.By), s.ByName, s.Reason, s.CreatedAt}
	}
}

func (a *API) shares(c echo.Context) error {
	direction, err := oneOf(c, "direction", "given", "received")
	if err != nil {
		return err
	}
	if direction == "" {
		direction = "given"
	}
	all := func() ([]orgs.Sharing, error) {
		byMe, withMe, err := a.Orgs.Shares(c.Request().Context())
		if direction == "received" {
			return withMe, err
		}
		return byMe, err
	}
	return listOf(c, "shares "+direction, all, shareOf(direction), func(s share) string { return s.ID })
}

func (a *API) shareOrg(c echo.Context) error {
	org, err := id(c, "org", iam.ParseOrgID)
	if err != nil {
		return err
	}
	return a.share(c, orgs.ShareRequest{Org: org})
}

func (a *API) shareDevice(c echo.Context) error {
	dev, err := id(c, "device", iam.ParseDeviceID)
	if err != nil {
		return err
	}
	return a.share(c, orgs.ShareRequest{Device: dev})
}

func (a *API) share(c echo.Context, r orgs.ShareRequest) error {
	var in struct {
		To     string    `json:"to"`
		Role   string    `json:"role"`
		Until  time.Time `json:"until"`
		Reason string    `json:"reason"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	r.To, r.Role, r.Until, r.Reason = in.To, in.Role, in.Until, in.Reason
	done, err := a.Orgs.Share(c.Request().Context(), r)
	if err != nil {
		return err
	}
	return a.sayLetIn(c, done)
}

// answersShare is for deeds on a share that is there.
func (a *API) answersShare(deed func(context.Context, iam.AssignmentID, orgs.With) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, err := id(c, "share", iam.ParseAssignmentID)
		if err != nil {
			return err
		}
		w, err := withOf(c)
		if err != nil {
			return err
		}
		if err := deed(c.Request().Context(), s, w); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}

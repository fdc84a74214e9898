// Package frame draws what stands round every page of somebody who is signed
// in: where he is, where else he may go, the sign that something waits. It shows
// nothing that the services would not show him.
package frame

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/live"
	"halfkey/iam/recall"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/auth"
	"halfkey/web/ui"
)

// Frame makes pages' frames. Make it with New.
type Frame struct {
	Parts
	known   *recall.Memory[spot, standing]
	waiting *recall.Memory[asked, int]
}

// Parts is what a frame is made of.
type Parts struct {
	Door    *auth.Door
	Orgs    *orgs.Service
	Devices *devices.Service
	Decider *policies.Decider
	Live    *live.Hub
	Now     func() time.Time
}

// New joins the parts. What somebody may see is remembered for two seconds at
// most, and only while nobody's rights change.
func New(p Parts) *Frame {
	return &Frame{Parts: p, known: recall.New[spot, standing](10_000, 2*time.Second), waiting: recall.New[asked, int](10_000, 2*time.Second)}
}

// spot is a person at a place; an empty place stands for the first that he sees.
// How well he is signed in, and whether somebody else looks through his eyes,
// makes a difference to what is seen.
type spot struct {
	user  iam.UserID
	org   iam.OrgID
	proof iam.Assurance
	look  string
}

func spotOf(ctx context.Context, s iam.Session, org iam.OrgID) spot {
	look, _ := auth.Looking(ctx)
	return spot{s.User, org, s.Assurance, look.ID}
}

// standing is what a person is at a place.
type standing struct {
	org      orgs.Org
	path     []orgs.Crumb // from the highest that he may see
	places   []orgs.Org   // where else he may go
	names    map[iam.OrgID]string
	role     string           // in words
	does     policies.Actions // of those that the menu depends on
	manages  bool             // sees the trail of the place
	devices  bool             // sees devices' values; who looks after the installation does not
	guest    bool             // sees no place: what is open to him is shared device by device, or shut just now
	platform bool             // looks after the installation
	key      *ui.MaskedKey
}

// Here is the page that is asked for and where it plays.
type Here struct {
	Page     ui.Page
	Org      orgs.Org // zero where the viewer sees no place
	Manages  bool     // the viewer sees the trail here
	Devices  bool     // and devices' values
	Keeps    bool     // and looks after devices
	Guest    bool     // sees no place at all, but perhaps single devices
	Platform bool     // and belongs to no organisation
	query    string
}

// Link is a path of ours that stays at this place.
func (h Here) Link(path string) string { return path + h.query }

// Events is the address of the stream of a page here; kv are its further parameters.
func (h Here) Events(page string, kv ...string) string {
	q := url.Values{"page": {page}, "org": {string(h.Org.ID)}}
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			q.Set(kv[i], kv[i+1])
		}
	}
	return "/events?" + q.Encode()
}

// At makes the frame of a page; active is the entry of the menu to mark. The
// place is the query's org, or the first that the viewer may see. It fails with
// policies.ErrHidden for a place that he may not see.
func (f *Frame) At(c echo.Context, title, active string) (Here, error) {
	ctx := c.Request().Context()
	var org iam.OrgID
	if s := c.QueryParam("org"); s != "" {
		var err error
		if org, err = iam.ParseOrgID(s); err != nil {
			return Here{}, err
		}
	}
	return f.in(c, ctx, org, title, active)
}

// In is At for a page whose place is known, such as a device's.
func (f *Frame) In(c echo.Context, org iam.OrgID, title, active string) (Here, error) {
	return f.in(c, c.Request().Context(), org, title, active)
}

// Own makes the frame of somebody's own page, which he has without belonging
// anywhere: then nothing stands round it.
func (f *Frame) Own(c echo.Context, title string) (Here, error) {
	h, err := f.At(c, title, "")
	session, ok := auth.Of(c.Request().Context())
	if !ok || !errors.Is(err, ErrNowhere) {
		return h, err
	}
	h = Here{Page: f.Door.Page(c, title), Guest: true}
	h.Page.Viewer = &ui.Viewer{Name: session.Name}
	return h, nil
}

// Near is In for a device that may be shared alone: whoever does not see its
// place stays where he is at home.
func (f *Frame) Near(c echo.Context, org iam.OrgID, title, active string) (Here, error) {
	h, err := f.In(c, org, title, active)
	if errors.Is(err, policies.ErrHidden) {
		return f.In(c, "", title, active)
	}
	return h, err
}

// Platform is At for a page about the whole installation, and the platform; who
// does not look after it finds no such page.
func (f *Frame) Platform(c echo.Context, title, active string) (h Here, top orgs.Org, err error) {
	if top, err = f.Orgs.Platform(c.Request().Context()); err != nil {
		return h, top, err
	}
	h, err = f.At(c, title, active)
	h.Page.Path = c.Request().URL.Path
	return h, top, err
}

func (f *Frame) in(c echo.Context, ctx context.Context, org iam.OrgID, title, active string) (Here, error) {
	session, ok := auth.Of(ctx)
	if !ok {
		return Here{}, auth.ErrSignIn
	}
	s, err := f.standing(ctx, spotOf(ctx, session, org))
	if err != nil {
		return Here{}, err
	}
	h := Here{Page: f.Door.Page(c, title), Org: s.org, Manages: s.manages, Devices: s.devices, Platform: s.platform && s.org.ID == "",
		Keeps: s.keeps(), Guest: s.guest}
	if org != "" {
		h.query = "?org=" + string(org)
	}
	h.Page.Active = active
	h.Page.Viewer = &ui.Viewer{Name: session.Name, Role: s.role}
	h.Page.Crumbs, h.Page.Orgs = s.crumbs(), s.switcher(ctx, active)
	h.Page.RegKey = s.key
	h.Page.Nav, err = f.menu(ctx, h, s)
	return h, err
}

func (f *Frame) standing(ctx context.Context, at spot) (standing, error) {
	version, err := f.rights(ctx)
	if err != nil {
		return standing{}, err
	}
	if s, ok := f.known.Get(at, version); ok {
		return s, nil
	}
	s, err := f.look(ctx, at)
	if err == nil {
		f.known.Put(at, version, s)
	}
	return s, err
}

// PlaceNames are the names of the places that the viewer may see.
func (f *Frame) PlaceNames(ctx context.Context) (map[iam.OrgID]string, error) {
	session, ok := auth.Of(ctx)
	if !ok {
		return nil, auth.ErrSignIn
	}
	s, err := f.standing(ctx, spotOf(ctx, session, ""))
	return s.names, err
}

// PlacesFor are the places where the viewer may do act, for a choice.
func (f *Frame) PlacesFor(ctx context.Context, act policies.Action) ([]ui.Option, error) {
	list, err := f.Orgs.Places(ctx, act)
	if err != nil {
		return nil, err
	}
	var all []ui.Option
	for _, o := range list {
		if o.Parent != "" {
			all = append(all, ui.Option{Value: string(o.ID), Label: o.Name})
		}
	}
	return all, nil
}

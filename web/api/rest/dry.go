package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/orgs"
)

// dry answers ?dry_run=true with what a deed would come to: the deed runs and is
// taken back.
func (a *API) dry(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		wanted, err := yes(c, "dry_run")
		if err != nil || !wanted {
			if err == nil {
				err = next(c)
			}
			return err
		}
		var p orgs.Preview
		c.SetRequest(c.Request().WithContext(orgs.Rehearse(c.Request().Context(), &p)))
		if err := aside(c, &holding{header: http.Header{}}, next); err != nil {
			return err
		}
		c.Response().Committed = false
		return say(c, http.StatusOK, previewOf(p))
	}
}

// preview is what a deed would come to.
type preview struct {
	Changes []sightChange `json:"changes"`
	Keys    []keyChange   `json:"keys"`
	Cuts    []cutOff      `json:"cuts"`
	Gain    int           `json:"others_gain"` // people whom the caller may not know
	Lose    int           `json:"others_lose"`
	OutGain bool          `json:"outside_gain"` // people of organisations that are not the caller's
	OutLose bool          `json:"outside_lose"`
	More    int           `json:"more_changes"`
	Hidden  int           `json:"more_keys"` // of devices that the caller may not know
	Partly  bool          `json:"partly"`
}

// sightChange is that somebody gains or loses sight.
type sightChange struct {
	Subject string `json:"subject"`
	Name    string `json:"name"`
	Service bool   `json:"service,omitzero"`
	Effect  string `json:"effect"` // gains or loses
	Action  string `json:"action"` // such as device:read
	Places  []some `json:"places"`
	Devices []some `json:"devices"` // a few of them
	Count   int    `json:"devices_in_all"`
}

// some is a place or device by its name.
type some struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Channel string `json:"channel,omitzero"`
}

// keyChange is what becomes of a key that somebody has seen and may see no more.
type keyChange struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"`
	Fate   string `json:"fate"` // ends, rotates or exposed
	Label  string `json:"label,omitzero"`
	Name   string `json:"name,omitzero"`
	Device string `json:"device,omitzero"`
	Person string `json:"person,omitzero"`
}

// cutOff is what somebody has open who loses sight.
type cutOff struct {
	Subject  string `json:"subject"`
	Name     string `json:"name"`
	Sessions int    `json:"sessions"`
	Tokens   int    `json:"tokens"`
}

func previewOf(p orgs.Preview) preview {
	out := preview{Gain: p.Gain, Lose: p.Lose, OutGain: p.Outside.Gain, OutLose: p.Outside.Lose, More: p.More, Hidden: p.Hidden, Partly: p.Partly}
	for _, ch := range p.Changes {
		effect := "loses"
		if ch.Gains {
			effect = "gains"
		}
		out.Changes = append(out.Changes, sightChange{string(ch.User), ch.Person, ch.Service, effect, ch.What.String(), things(ch.Places), things(ch.Devices), ch.Count})
	}
	for _, k := range p.Keys {
		out.Keys = append(out.Keys, keyChange{string(k.Kind), string(k.ID), string(k.What), k.Label, k.Name, string(k.Device), k.Person})
	}
	for _, cut := range p.Cuts {
		out.Cuts = append(out.Cuts, cutOff{string(cut.User), cut.Person, cut.Sessions, cut.Tokens})
	}
	return out
}

func things(list []orgs.Named) (all []some) {
	for _, n := range list {
		all = append(all, some{n.ID, n.Name, n.Channel})
	}
	return all
}

// withOf reads how a deed is to be done.
func withOf(c echo.Context) (w orgs.With, err error) {
	if w.Reason, err = text(c, "reason"); err != nil {
		return w, err
	}
	w.Rotate, err = yes(c, "rotate")
	return w, err
}

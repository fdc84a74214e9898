package agents

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/web/api/agentmgmt"
	"halfkey/web/ask"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// sure shows a question about an agent; the form comes back with "sure".
func (p *Pages) sure(c echo.Context, q ask.Question) error {
	h, a, err := p.here(c)
	if err != nil {
		return err
	}
	q.Hidden, q.NoHref = append(q.Hidden, ui.Crumb{Name: "sure", Href: "1"}), pathOf(a.ID)
	return show.Page(c, http.StatusOK, ask.Page(h.Page, q))
}

// download hands out the boarding configuration, once: whoever wants it again
// gets another initial token, after a question.
func (p *Pages) download(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := p.named(c)
	if err != nil {
		return err
	}
	hand := p.Agents.BoardingConfig
	if !a.Fetched.IsZero() {
		if c.FormValue("sure") == "" {
			return p.sure(c, ask.Question{Title: ui.T(ctx, "agents.again.title", "Name", a.Name), Text: ui.T(ctx, "agents.again.text"), Action: pathOf(a.ID) + "/boarding",
				Lines: []string{ui.T(ctx, "agents.again.old"), ui.T(ctx, "agents.again.new")}, Yes: ui.T(ctx, "agents.again.yes"), No: ui.T(ctx, "agents.again.no")})
		}
		hand = p.Agents.RenewBoarding
	}
	config, err := hand(ctx, a.ID)
	if errors.Is(err, agents.ErrOnboarded) { // meanwhile
		return c.Redirect(http.StatusSeeOther, pathOf(a.ID))
	}
	if err != nil {
		return err
	}
	return p.handOver(c, a, config)
}

// handOver sends the file, or a zip of two where there is a network profile.
func (p *Pages) handOver(c echo.Context, a agents.Agent, config agents.Config) error {
	file, err := agentmgmt.BoardingFile(config)
	if err != nil {
		return err
	}
	name := fileName(a)
	if a.Network == "" {
		return handFile(c, "application/json", name+".json", file)
	}
	var network bytes.Buffer
	if err := json.Indent(&network, []byte(a.Network), "", "  "); err != nil {
		return err
	}
	both, err := packed(p.Now(), packFile{name + ".json", file}, packFile{"network.json", network.Bytes()})
	if err != nil {
		return err
	}
	return handFile(c, "application/zip", name+".zip", both)
}

func handFile(c echo.Context, mime, name string, content []byte) error {
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, mime, content)
}

type packFile struct {
	name    string
	content []byte
}

// packed is a zip of files.
func packed(now time.Time, all ...packFile) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range all {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: now})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// offboard ends all that the agent holds, once it was said what that comes to.
func (p *Pages) offboard(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := p.managed(c)
	if err != nil {
		return err
	}
	if c.FormValue("sure") != "" || a.Onboarded.IsZero() {
		if err := p.Agents.Offboard(ctx, a.ID); err != nil && !errors.Is(err, agents.ErrNotAboard) {
			return err
		}
		return c.Redirect(http.StatusSeeOther, pathOf(a.ID))
	}
	lines, err := p.afterOffboard(ctx, a)
	if err != nil {
		return err
	}
	return p.sure(c, ask.Question{Title: ui.T(ctx, "agents.offboard.title", "Name", a.Name), Text: ui.T(ctx, "agents.offboard.text"), Lines: lines, Danger: true,
		Action: pathOf(a.ID) + "/offboard", Yes: ui.T(ctx, "agents.offboard.yes"), No: ui.T(ctx, "agents.offboard.no")})
}

// afterOffboard is what comes of offboarding.
func (p *Pages) afterOffboard(ctx context.Context, a agents.Agent) ([]string, error) {
	terms, err := p.Agents.TermsOf(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	d, err := p.Devices.Get(ctx, a.Device)
	if err != nil {
		return nil, err
	}
	lines := []string{ui.T(ctx, "agents.offboard.credentials", "When", ui.Moment(ctx, a.Expires)), ui.T(ctx, "agents.offboard.tokens", "Life", show.Every(terms.Token))}
	if !d.Summary.Heard.IsZero() && d.Values {
		lines = append(lines, ui.T(ctx, "agents.offboard.heard", "When", ui.Ago(ctx, d.Summary.Heard)))
	}
	return append(lines, ui.T(ctx, "agents.offboard.stays"), ui.T(ctx, "agents.offboard.next")), nil
}

// remove takes the agent away for ever.
func (p *Pages) remove(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := p.managed(c)
	if err != nil {
		return err
	}
	if c.FormValue("sure") == "" {
		return p.sure(c, ask.Question{Title: ui.T(ctx, "agents.remove.title", "Name", a.Name), Text: ui.T(ctx, "agents.remove.text"), Danger: true,
			Lines:  []string{ui.T(ctx, "agents.remove.channel"), ui.T(ctx, "agents.remove.files"), ui.T(ctx, "agents.remove.trail")},
			Action: pathOf(a.ID) + "/remove", Yes: ui.T(ctx, "agents.remove.yes"), No: ui.T(ctx, "agents.remove.no")})
	}
	if err := p.Agents.Remove(ctx, a.ID, a.ETag); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/agents?org="+string(a.Org))
}

// file gives back what the agent has uploaded, as a file and never as a page.
func (p *Pages) file(c echo.Context) error {
	a, err := p.named(c)
	if err != nil {
		return err
	}
	path, err := agents.ParsePath(c.Param("*"))
	if err != nil {
		return agents.ErrNoFile
	}
	f, content, err := p.Agents.OpenFile(c.Request().Context(), a.ID, path)
	if err != nil {
		return err
	}
	defer content.Close()
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Security-Policy", "sandbox")
	http.ServeContent(c.Response(), c.Request(), "", f.Changed, content)
	return nil
}

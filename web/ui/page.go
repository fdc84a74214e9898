package ui

import (
	"time"

	"github.com/a-h/templ"
)

// Page is what the frame round a page needs to know.
type Page struct {
	Title  string     // of the document; the page writes its own heading (Head)
	Active string     // ID of the NavItem to mark
	Viewer *Viewer    // nil: nobody is signed in
	Crumbs []Crumb    // path of the organisation, from the top; the last is here
	Orgs   []Crumb    // where the switcher leads; fewer than two: no switcher
	Nav    []NavItem  // sidebar, from 900 pixels on; on a phone the first ones are a bar at the bottom
	RegKey *MaskedKey // in the sidebar; nil for who may not see it
	Path   string     // of this page, where the theme's form comes back to; empty: "/"
	Theme  string     // "light", "dark" or "" for what the device prefers
	Lang   string     // "" is English
	Stream string     // URL of the page's event stream (live.go); "": nothing is live
	Notice string     // a sentence above every page, e.g. that the line is not encrypted
	Look   *Look      // nil: through one's own eyes
}

// Look is that somebody sees a page as another sees it.
type Look struct {
	Name  string // whose eyes
	Until time.Time
}

// Viewer is who looks.
type Viewer struct {
	Name string
	Role string // in words: "Owner"
}

// Initial is the letter on the viewer's badge.
func (v Viewer) Initial() string {
	for _, r := range v.Name {
		return string(r)
	}
	return "?"
}

// Crumb is a name and where it leads.
type Crumb struct {
	Name, Href string
}

// NavItem is an entry of the sidebar or of the phone's bar.
type NavItem struct {
	ID, Label, Icon, Href string
	Count                 int // shown when above zero, e.g. strangers waiting
}

// tabsMost is how many entries a phone's bar has room for.
const tabsMost = 5

func (p Page) path() string {
	if p.Path == "" {
		return "/"
	}
	return p.Path
}

func (p Page) lang() string {
	if p.Lang == "" {
		return "en"
	}
	return p.Lang
}

// theme is the attribute of <html>; without it the device's preference holds.
func (p Page) theme() templ.Attributes {
	if p.Theme != "light" && p.Theme != "dark" {
		return nil
	}
	return templ.Attributes{"data-theme": p.Theme}
}

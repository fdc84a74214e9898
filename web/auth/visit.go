package auth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/iam"
	"halfkey/iam/vault"
)

// The cookie that tells one browser from another before anybody is signed in:
// what a page was asked must be answered in the same browser.
const (
	lockedBrowser = "__Host-halfkey-browser"
	plainBrowser  = "halfkey-browser"
)

// visit is where a request comes from. It gives the browser its cookie.
func (d *Door) visit(c echo.Context) iam.Visit {
	return iam.Visit{Source: d.source(c.Request()), Agent: c.Request().UserAgent(), Browser: d.browser(c), Site: d.site(c)}
}

// site is where passkeys belong: the address under which this server is known,
// whatever a request says of itself.
func (d *Door) site(c echo.Context) iam.Site { return iam.SiteOf(d.Base(c)) }

func (d *Door) browser(c echo.Context) vault.Secret {
	risk := d.lineOf(c.Request()) == risky
	name := lockedBrowser
	if risk {
		name = plainBrowser
	}
	if old, err := c.Request().Cookie(name); err == nil {
		if known, ok := iam.ParseToken(old.Value); ok {
			return known
		}
	}
	if given, ok := c.Get(name).(vault.Secret); ok {
		return given // just now, by this answer
	}
	fresh := iam.RandomToken()
	c.Set(name, fresh)
	http.SetCookie(c.Response(), &http.Cookie{Name: name, Value: fresh.Reveal(), Path: "/", HttpOnly: true, Secure: !risk, SameSite: http.SameSiteStrictMode, MaxAge: int(longest.Seconds())})
	return fresh
}

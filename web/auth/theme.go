package auth

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

const themeName = "halfkey-theme"

// Theme is the colours that the viewer chose: "light", "dark" or "" for the device's own.
func Theme(r *http.Request) string {
	c, err := r.Cookie(themeName)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// setTheme keeps the choice in a cookie, so that the next page comes in that colour.
func (d *Door) setTheme(c echo.Context) error {
	theme := c.FormValue("theme")
	cookie := &http.Cookie{Name: themeName, Value: theme, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: d.lineOf(c.Request()) == locked, MaxAge: int(longest.Seconds())}
	if theme != "light" && theme != "dark" {
		cookie.Value, cookie.MaxAge = "", -1
	}
	http.SetCookie(c.Response(), cookie)
	return c.Redirect(http.StatusSeeOther, Next(c.FormValue("back")))
}

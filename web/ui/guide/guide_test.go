package guide_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"halfkey/web/ui/guide"
	"halfkey/web/ui/uitest"
)

// TestEveryPartIsAccessible opens each page of the guide on both screens and in
// both colours. With SHOTS=folder it leaves pictures there.
func TestEveryPartIsAccessible(t *testing.T) {
	browser := uitest.Browser(t)
	srv := httptest.NewServer(guide.Handler())
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	for path := range guide.Pages {
		for _, width := range uitest.Widths {
			for _, theme := range uitest.Themes {
				uitest.Axe(t, browser, srv.URL+path, theme, width)
				if dir := os.Getenv("SHOTS"); dir != "" {
					name := strings.Trim(path, "/") + "-" + strconv.Itoa(int(width)) + "-" + theme + ".png"
					uitest.Shot(t, browser, srv.URL+path, theme, width, filepath.Join(dir, name))
				}
			}
		}
	}
}

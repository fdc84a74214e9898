package guide_test

import (
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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
	paths := slices.Sorted(maps.Keys(guide.Pages))
	for _, path := range append(paths, "/enrol#HQ481047-1JWORF43") {
		t.Run(path, func(t *testing.T) {
			uitest.AxeAll(t, browser, srv.URL+path)
			dir := os.Getenv("SHOTS")
			for _, width := range uitest.Widths {
				for _, theme := range uitest.Themes {
					if dir != "" {
						name := strings.Trim(path, "/") + "-" + strconv.Itoa(int(width)) + "-" + theme + ".png"
						uitest.Shot(t, browser, srv.URL+path, theme, width, filepath.Join(dir, name))
					}
				}
			}
		})
	}
}

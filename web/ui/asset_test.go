package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

func message0(id, text string) *i18n.Message { return &i18n.Message{ID: id, Other: text} }

func TestAssetsAreKeptForEver(t *testing.T) {
	for _, name := range everything() {
		r := httptest.NewRequest("GET", Asset(name), nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		AssetsHandler().ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		body := w.Body.Bytes()
		if w.Header().Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			body, _ = io.ReadAll(z)
		}
		if !bytes.Equal(body, load(name)) {
			t.Errorf("%s arrives changed", name)
		}
	}
	for _, path := range []string{"/assets/app.css", "/assets/", "/assets/../ui.go", "/assets/VENDOR.txt", "/assets/app.000000000000.css"} {
		w := httptest.NewRecorder()
		AssetsHandler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestFirstVisitIsLight weighs what a browser fetches that knows nothing yet:
// a page with a chart, and 12 kB left for the page itself.
func TestFirstVisitIsLight(t *testing.T) {
	const most = (110 - 12) * 1000
	sum := 0
	for _, name := range []string{
		"app.css", "app.js", "icons.svg", "favicon.svg",
		"uPlot.iife.min.js", "uPlot.min.css", "chart.js", "webserial.js", "next.woff2", "mono.woff2",
	} {
		body := load(name)
		if !strings.HasSuffix(name, ".woff2") {
			body = zip(body)
		}
		t.Logf("%6d %s", len(body), name)
		sum += len(body)
	}
	t.Logf("%6d of %d", sum, most)
	if sum > most {
		t.Errorf("a first visit weighs %d bytes, at most %d", sum, most)
	}
}

// TestEveryIconExists finds icons that a page names and the sprite lacks.
func TestEveryIconExists(t *testing.T) {
	have := map[string]bool{}
	for _, n := range list("assets/icons", ".svg") {
		have[strings.TrimSuffix(n, ".svg")] = true
	}
	named := regexp.MustCompile(`(?:@(?:ui\.)?(?:Icon|Empty|Event|Fold)\(|Icon: +)"([a-z0-9-]+)"`)
	used := regexp.MustCompile(`"([a-z0-9-]+)"`)
	wanted := map[string]bool{}
	filepath.Walk("..", func(name string, info os.FileInfo, err error) error {
		if err != nil || strings.HasSuffix(name, "_templ.go") || !(strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go")) {
			return err
		}
		src, _ := os.ReadFile(name)
		for _, m := range named.FindAllStringSubmatch(string(src), -1) {
			if !have[m[1]] {
				t.Errorf("%s wants the icon %q, which assets/icons lacks", name, m[1])
			}
		}
		for _, m := range used.FindAllStringSubmatch(string(src), -1) {
			wanted[m[1]] = true
		}
		return nil
	})
	for n := range have {
		if !wanted[n] {
			t.Errorf("no page uses the icon %q", n)
		}
	}
}

// TestVendoredFilesAreThoseListed compares assets/VENDOR.txt with the files.
func TestVendoredFilesAreThoseListed(t *testing.T) {
	listed, err := files.ReadFile("assets/VENDOR.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"assets/vendor", "assets/fonts", "assets/icons", "uitest"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if dir == "uitest" && e.Name() != "axe.min.js" {
				continue
			}
			b, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			if line := hex.EncodeToString(sum[:]) + "  " + dir + "/" + e.Name(); !strings.Contains(string(listed), line) {
				t.Errorf("VENDOR.txt lacks the line\n%s", line)
			}
		}
	}
}

// TestStylesKeepThePolicy: no data: or foreign URL, and no inline style or
// handler in any template.
func TestStylesKeepThePolicy(t *testing.T) {
	for _, u := range regexp.MustCompile(`url\([^)]*\)`).FindAllString(string(load("app.css")), -1) {
		if !strings.HasPrefix(u, "url("+AssetsPath) {
			t.Errorf("app.css fetches %s", u)
		}
	}
	inline := regexp.MustCompile(`\s(style|on[a-z]+)=["{]|<style|javascript:`)
	filepath.Walk("..", func(name string, info os.FileInfo, err error) error {
		if err != nil || !strings.HasSuffix(name, ".templ") {
			return err
		}
		src, _ := os.ReadFile(name)
		if m := inline.FindString(string(src)); m != "" {
			t.Errorf("%s has %q, which the policy stops", name, m)
		}
		return nil
	})
}

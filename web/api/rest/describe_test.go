package rest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"

	"halfkey/web"
	"halfkey/web/webtest"
)

var parameter = regexp.MustCompile(`:(\w+)`)

// Whatever answers under /api/v1 is described, and nothing else is.
func TestEveryAddressIsDescribed(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]any
	}
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var told, found []string
	for path, methods := range doc.Paths {
		for m := range methods {
			if m != "parameters" {
				told = append(told, strings.ToUpper(m)+" "+path)
			}
		}
	}
	for _, r := range web.New(webtest.New(t).Rooms).Routes() {
		if path, ours := strings.CutPrefix(r.Path, "/api/v1"); ours && !strings.Contains(r.Path, "*") && r.Method != "HEAD" && r.Method != echo.RouteNotFound {
			found = append(found, r.Method+" "+parameter.ReplaceAllString(path, "{$1}"))
		}
	}
	for _, r := range found {
		if !slices.Contains(told, r) {
			t.Errorf("%s is not described", r)
		}
	}
	for _, r := range told {
		if !slices.Contains(found, r) {
			t.Errorf("%s is described and not there", r)
		}
	}
}

// spectral is the linter, pinned. It comes from the npm registry once and stays
// in the machine's cache.
const spectral = "@stoplight/spectral-cli@6.16.3"

func TestTheDescriptionLintsClean(t *testing.T) {
	npx, err := exec.LookPath("npx")
	if err != nil {
		t.Fatal("npx is missing; .ci/deps installs it")
	}
	rules := filepath.Join(t.TempDir(), "spectral.yaml")
	if err := os.WriteFile(rules, []byte("extends: [\"spectral:oas\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), npx, "--yes", "--prefer-offline", "--package", spectral, "spectral", "lint", "openapi.yaml", "--ruleset", rules, "--fail-severity", "hint")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestTheDescriptionIsServedToEverybody(t *testing.T) {
	h := newHouse(t)
	nobody := h.nobody()
	yamlText := nobody.do(t, "GET", "/openapi.yaml", nil).wants(200)
	if file, _ := os.ReadFile("openapi.yaml"); string(file) != string(yamlText.body) {
		t.Error("another file")
	}
	if nobody.do(t, "GET", "/openapi.json", nil).wants(200).text("openapi") != "3.1.0" {
		t.Error("no JSON")
	}
}

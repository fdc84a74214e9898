package web_test

import (
	"os"
	"strings"
	"testing"

	"halfkey/web"
	"halfkey/web/api/rest"
	"halfkey/web/webtest"
)

const deedsFile = "testdata/deeds.txt"

// doors are those that programs come by; what stands behind no other is a page.
var doors = []string{"/api/", "/scim/", "/v1/", "/tenants/", "/oauth/", "/midpoint/", "/ws/", "/.well-known/", "/token_keys"}

// What a person does on a page a program does too, or testdata/deeds.txt says why not.
func TestEveryDeedOfAPageIsAnOperation(t *testing.T) {
	operations, routes := map[string]bool{}, map[string]bool{}
	chapters, err := rest.Chapters()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chapters {
		for _, o := range c.Operations {
			operations[o.ID] = true
		}
	}
	for _, r := range web.New(webtest.New(t).Rooms).Routes() {
		routes[r.Method+" "+pattern(r.Path)] = true
	}
	file, err := os.ReadFile(deedsFile)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for n, line := range strings.Split(string(file), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 4 {
			t.Fatalf("%s:%d: %q", deedsFile, n+1, line)
		}
		deed := words[0] + " " + pattern(words[1])
		if told[deed] || !routes[deed] {
			t.Errorf("%s:%d: %s %s is no form, or stands here twice", deedsFile, n+1, words[0], words[1])
		}
		told[deed] = true
		switch words[2] {
		case "=":
			for _, o := range words[3:] {
				if !operations[o] {
					t.Errorf("%s:%d: there is no operation %s", deedsFile, n+1, o)
				}
			}
		case ":":
			if !routes[words[3]+" "+pattern(words[4])] {
				t.Errorf("%s:%d: nothing answers %s %s", deedsFile, n+1, words[3], words[4])
			}
		case "—":
		default:
			t.Errorf("%s:%d: %q", deedsFile, n+1, line)
		}
	}
	for r := range routes {
		path, form := strings.CutPrefix(r, "POST ")
		for _, d := range doors {
			form = form && !strings.HasPrefix(path, d)
		}
		if form && !told[r] {
			t.Errorf("%s has no line in %s: name the operation that does it, or say why there is none", r, deedsFile)
		}
	}
}

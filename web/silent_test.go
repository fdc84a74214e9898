package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"halfkey/iam"
	"halfkey/orgs"
)

// moment is whatever an answer has that is other in the next second anyway.
var moment = regexp.MustCompile(`<time[^>]*>[^<]*</time>|\d\d:\d\d:\d\d(\.\d+)?Z?|value="\d\d:\d\d"|data-now="[^"]*"|since=\d+`)

// searches are what nobody's page asks for by itself: serials and names as they
// begin, and lists as files.
var searches = []string{
	"/devices?q=S0", "/devices?q=Dev-", "/api/v1/devices?q=S0", "/api/v1/devices?q=Dev-", "/api/v1/channels?q=Dev-", "/api/v1/devices?limit=1", "/agents?q=Dev-",
	"/api/v1/devices?format=csv", "/api/v1/pending?format=csv", "/api/v1/orgs?format=csv", "/api/v1/orgs/{org}/people?format=csv", "/api/v1/orgs/{org}/audit?format=csv",
	"/activity?q=Dev-", "/activity?org={org}&who=Homer", "/api/v1/shares?format=csv", "/events?page=devices&q=S0",
}

// everything is what somebody is answered at every address that he can open from
// his own place, with the answer's tag.
func (w *town) everything(t *testing.T, m *matrix, who string) map[string]string {
	t.Helper()
	paths := slices.Clone(searches)
	for _, r := range m.rows {
		if r.methods[0] == http.MethodGet && !r.link() {
			paths = append(paths, r.path)
		}
	}
	all := map[string]string{}
	for _, path := range paths {
		at := w.fill(t, path, "own")
		w.try(t, func() { all[at] = apartFromNow(w.ask(t, who, http.MethodGet, at, "")) }) // an agent's configuration is made by asking for it
	}
	return all
}

func apartFromNow(answer *httptest.ResponseRecorder) string {
	text := strings.ReplaceAll(answer.Body.String(), answer.Header().Get("X-Request-Id"), "")
	return moment.ReplaceAllString(text+" ETag "+answer.Header().Get("ETag"), "")
}

// Whatever is made, called and written where somebody may not look moves nothing
// that he is answered: no count, no list, no export, no tag and no sentence.
func TestNothingMovesForWhoMayNotSee(t *testing.T) {
	w, m := attacked(t)
	w.ask(t, "nobody", http.MethodGet, "/token_keys", "") // the first to ask has them made
	org := func(place string) iam.OrgID { return iam.OrgID(w.places[place]["org"]) }
	device := func(t *testing.T, above iam.OrgID) {
		key, err := w.Orgs.EnsureKey(w.homer, above)
		w.must(t, err)
		w.call(t, w.homer, key.ID)
	}
	answered := func() map[string]map[string]string {
		all := map[string]map[string]string{}
		for _, who := range w.order(m) {
			if who != "founder" && who != "platform-admin" { // who see all of it
				all[who] = w.everything(t, m, who)
			}
		}
		return all
	}
	was := answered()
	for _, one := range []struct {
		name string
		does func(*testing.T)
		not  []string // who may see it
	}{
		{"in another tenant", func(t *testing.T) { w.lay(t, w.ned, "later", org("tenant")) }, []string{"directory"}}, // of what is offered to them there
		{"next door", func(t *testing.T) {
			device(t, org("sibling"))
			there := map[string]string{}
			w.people(t, w.homer, orgs.Org{ID: org("sibling"), Tenant: w.Tenant}, "later", there)
			w.programs(t, w.homer, org("sibling"), "later", there)
		}, []string{"directory"}},
		{"in a private place", func(t *testing.T) { device(t, org("private")) }, []string{"owner", "auditor"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			one.does(t)
			w.part(t)
			now := answered()
			for who, all := range now {
				for at, is := range all {
					if was[who][at] != is && !slices.Contains(one.not, who) {
						t.Errorf("%s: %s is answered otherwise\n%s", at, who, differs(was[who][at], is))
					}
				}
			}
			was = now
		})
	}
}

// differs is where two texts part.
func differs(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	near := func(s string) string { return s[max(0, min(i, len(s))-60):min(len(s), i+140)] }
	return "…" + near(a) + "…\n…" + near(b) + "…"
}

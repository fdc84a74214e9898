package web_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"halfkey/devices/agents"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
)

var update = flag.Bool("update", false, "rewrite the exceptions in testdata/matrix.txt to what is")

// Every address of the house, asked by everybody in every place, answers as
// testdata/matrix.txt says; and no address is missing there.
func TestTheMatrix(t *testing.T) {
	m := readMatrix(t)
	w := newTown(t)
	w.populate(t, m)
	m.complete(t, w)
	dbtest.ReadsNoWholeTable(t, w.DB, "testdata/scans.txt", func() { m.ask(t, w) })
}

func (m *matrix) ask(t *testing.T, w *town) {
	for _, r := range m.rows {
		others := map[string][]string{}
		if *update {
			r.others = nil
		}
		for i, method := range r.methods {
			for _, who := range w.order(m) {
				switch {
				case i > 0 && (*update || who != "viewer" && who != "stranger"): // the same handler
					continue
				case r.open() && who != "owner" && who != "nobody": // asked too often some of these rest
					continue
				}
				for _, place := range m.order {
					if place != "own" && (!r.everywhere() || (who == "nobody" || r.open()) && place != "tenant" && !r.link()) {
						continue
					}
					answer := w.answer(t, r, method, who, place)
					if !r.link() {
						m.silent(t, r, who, place, answer)
					}
					got, want := verdictOf(answer), m.expected(r, method, who, place)
					if got == want {
						continue
					}
					if *update {
						others[got] = append(others[got], who+"@"+place)
						continue
					}
					t.Errorf("%s %s: %s at %s is answered %s, not %s", method, r.path, who, place, got, want)
				}
			}
		}
		if *update {
			r.others = others
		}
	}
	if *update {
		m.write(t)
	}
}

// order is everybody who asks.
func (w *town) order(m *matrix) []string {
	return append(slices.Clone(m.names), "stranger", "nobody")
}

// populate lets everybody of the matrix in.
func (w *town) populate(t *testing.T, m *matrix) {
	t.Helper()
	for _, name := range m.names {
		role := policies.Role(name)
		switch name {
		case "custom":
			made, err := w.Orgs.MakeCustomRole(w.homer, w.Tenant, "Caretaker", []string{string(policies.SetView), string(policies.SetOperate)})
			w.must(t, err)
			role = made.Role
		case "service", "directory":
			role = policies.Manager
		}
		w.admit(t, name, role, slices.Contains(m.lends, name))
	}
	w.admit(t, "stranger", "", false)
	w.shut(t)
}

// answer is how one request is answered. What it did is taken back.
func (w *town) answer(t *testing.T, r *row, method, who, place string) (got *httptest.ResponseRecorder) {
	t.Helper()
	path, body := w.fill(t, r.path, place), w.fill(t, r.body, place)
	if method == "ANY" {
		method = "PROPFIND"
	}
	ask := func() { got = w.ask(t, who, method, path, body, r.headers...) }
	if method == http.MethodGet || method == http.MethodHead {
		ask()
		return got
	}
	w.try(t, ask)
	if got.Code < http.StatusBadRequest {
		w.part(t)
	}
	return got
}

// verdictOf is an answer's status, or login for being led to the sign-in.
func verdictOf(answer *httptest.ResponseRecorder) string {
	if answer.Code == http.StatusSeeOther && strings.HasPrefix(answer.Header().Get("Location"), "/login") {
		return "login"
	}
	return strconv.Itoa(answer.Code)
}

// silent fails where an answer names what lies in a place where whoever asked
// holds nothing. Of what is above him he knows the name, and who sees his devices.
func (m *matrix) silent(t *testing.T, r *row, who, place string, answer *httptest.ResponseRecorder) {
	t.Helper()
	all := answer.Body.String() + fmt.Sprint(answer.Header())
	for _, other := range m.order {
		what, hidden := m.what(who, other), []string(nil)
		switch {
		case other == "suspended" && slices.Contains([]string{"founder", "directory", "platform-admin"}, who): // he may open it again
		case other == "suspended" && who != "stranger" && who != "service" && who != "nobody": // he is told that what he holds there is closed
			hidden = []string{mark(other), deviceMark(other)}
		case what == "nothing" && other == "parent": // who is above him sees his devices, and he knows it
			hidden = []string{deviceMark(other)}
		case what == "nothing":
			hidden = []string{mark(other), strings.ToLower(mark(other)), deviceMark(other), placeMark(other)}
		case !m.looksIn(what, other):
			hidden = []string{deviceMark(other)}
		}
		for _, text := range hidden {
			if i := strings.Index(all, text); i >= 0 {
				t.Errorf("%s: %s at %s reads of what is hidden: …%s…", r.path, who, place, all[max(0, i-80):min(len(all), i+80)])
				break
			}
		}
	}
}

// complete compares the rows with the routes.
func (m *matrix) complete(t *testing.T, w *town) {
	t.Helper()
	rows, everything := map[string]bool{}, map[string]bool{}
	for _, r := range m.rows {
		for _, method := range r.methods {
			if method == "ANY" {
				everything[r.route()] = true
				continue
			}
			rows[method+" "+r.route()] = true
		}
	}
	there := map[string]bool{}
	for _, route := range w.doors.Routes() {
		path := strings.TrimPrefix(pattern(route.Path), pattern(agents.TenantPath+":tenant"))
		if route.Method == "echo_route_not_found" || there[route.Method+" "+path] {
			continue
		}
		there[route.Method+" "+path], there["ANY "+path] = true, true
		if !rows[route.Method+" "+path] && !everything[path] {
			t.Errorf("%s %s has no row in %s", route.Method, path, matrixFile)
		}
	}
	for r := range rows {
		if !there[r] {
			t.Errorf("%s has a row in %s and is no route", r, matrixFile)
		}
	}
	for path := range everything {
		if !there["ANY "+path] {
			t.Errorf("ANY %s has a row in %s and is no route", path, matrixFile)
		}
	}
}

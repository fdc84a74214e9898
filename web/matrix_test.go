package web_test

import (
	"flag"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"halfkey/devices/agents"
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
					if place != "own" && (!r.everywhere() || (who == "nobody" || r.open()) && place != "tenant") {
						continue
					}
					got, want := w.verdict(t, r, method, who, place), m.expected(r, method, who, place)
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

// verdict is how one request is answered: the status, or login for somebody who
// is led to the sign-in. What it did is taken back.
func (w *town) verdict(t *testing.T, r *row, method, who, place string) (got string) {
	t.Helper()
	path, body := w.fill(t, r.path, place), w.fill(t, r.body, place)
	if method == "ANY" {
		method = "PROPFIND"
	}
	ask := func() {
		answer := w.ask(t, who, method, path, body, r.headers...)
		got = strconv.Itoa(answer.Code)
		if answer.Code == http.StatusSeeOther && strings.HasPrefix(answer.Header().Get("Location"), "/login") {
			got = "login"
		}
	}
	if method == http.MethodGet || method == http.MethodHead {
		ask()
		return got
	}
	w.try(t, ask)
	if len(got) == 3 && got < "400" {
		w.part(t)
	}
	return got
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
			t.Errorf("%s %s has no row in %s", route.Method, route.Path, matrixFile)
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

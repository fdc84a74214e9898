package web_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const matrixFile = "testdata/matrix.txt"

// matrix is testdata/matrix.txt, which says itself how it is read.
type matrix struct {
	head   []string // as written, up to the first row
	roles  map[string][]string
	names  []string          // of the roles, in order
	places map[string]string // what one holds there: nothing, role, lendable, or a role's name
	order  []string          // of the places
	lends  []string
	views  []string // what a private place keeps from those above it
	rows   []*row
}

// row is a route, how it is asked, and what it answers.
type row struct {
	text     string // as written, with the remarks above it
	methods  []string
	path     string
	headers  []string
	body     string
	verdicts []verdict
	others   map[string][]string // by status: who where
}

// verdict is the status for those who hold one of some actions.
type verdict struct {
	status string
	of     []string
}

func readMatrix(t *testing.T) *matrix {
	t.Helper()
	doc, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{roles: map[string][]string{}, places: map[string]string{}}
	var remarks []string
	for n, line := range strings.Split(strings.TrimRight(string(doc), "\n"), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0, words[0] == "#":
			remarks = append(remarks, line)
			continue
		case words[0] == "role":
			if m.roles[words[1]] == nil {
				m.names = append(m.names, words[1])
			}
			m.roles[words[1]] = append(m.roles[words[1]], words[2:]...)
		case words[0] == "place":
			m.order = append(m.order, words[1])
			m.places[words[1]] = words[2]
		case words[0] == "lendable":
			m.lends = words[1:]
		case words[0] == "viewing":
			m.views = words[1:]
		case words[0] == "!":
			last := m.rows[len(m.rows)-1]
			last.others[strings.TrimSuffix(words[1], ":")] = words[2:]
		default:
			r, err := parseRow(line)
			if err != nil {
				t.Fatalf("%s:%d: %v", matrixFile, n+1, err)
			}
			r.text = strings.Join(append(remarks, line), "\n")
			m.rows, remarks = append(m.rows, r), nil
		}
		if len(m.rows) == 0 {
			m.head = append(append(m.head, remarks...), line)
			remarks = nil
		}
	}
	return m
}

func parseRow(line string) (*row, error) {
	asked, answers, ok := strings.Cut(line, " = ")
	words := strings.Fields(asked)
	if !ok || len(words) < 2 {
		return nil, fmt.Errorf("a row is METHOD address [form] = verdicts: %s", line)
	}
	r := &row{methods: strings.Split(words[0], ","), path: words[1], others: map[string][]string{}}
	for words = words[2:]; len(words) > 0 && strings.HasPrefix(words[0], "If-"); words = words[1:] {
		r.headers = append(r.headers, words[0])
	}
	r.body = strings.Join(words, "&")
	for v := range strings.SplitSeq(answers, ",") {
		parts := strings.Fields(v)
		if len(parts) != 2 {
			return nil, fmt.Errorf("a verdict is a status and who gets it, not %q", v)
		}
		r.verdicts = append(r.verdicts, verdict{parts[0], strings.Split(parts[1], "|")})
	}
	return r, nil
}

// route is how the router calls what a row asks, without the names of parameters.
func (r *row) route() string {
	path, _, _ := strings.Cut(r.path, "?")
	return pattern(path)
}

// pattern is a path with every parameter alike.
func pattern(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") || strings.HasPrefix(p, "{") {
			parts[i] = ":"
		}
	}
	return strings.Join(parts, "/")
}

// everywhere tells whether the answer goes by the place.
func (r *row) everywhere() bool {
	for _, b := range blank.FindAllString(r.path+r.body, -1) {
		if !slices.Contains([]string{"{child}", "{own}", "{tomorrow}", "{soon}", "{nothing}"}, b) {
			return true
		}
	}
	return false
}

// link tells whether the address itself is the permission.
func (r *row) link() bool { return strings.Contains(r.path, "{embed_token}") }

func (r *row) open() bool { return r.verdicts[0].of[0] == "open" }

// holds tells whether a role has one of some actions at a place.
func (m *matrix) holds(who, place string, actions []string) bool {
	what := m.what(who, place)
	return slices.ContainsFunc(actions, func(a string) bool {
		return slices.Contains(m.roles[what], a) && (m.looksIn(what, place) || !slices.Contains(m.views, a))
	})
}

// looksIn tells whether a private place is open to a role above it.
func (m *matrix) looksIn(role, place string) bool {
	return m.places[place] != "private" || slices.Contains([]string{"owner", "founder", "auditor", "platform-admin"}, role)
}

// what somebody holds at a place: a role, or nothing.
func (m *matrix) what(who, place string) string {
	what, whole := m.places[place], who == "directory" || who == "founder"
	switch {
	case who == "stranger", who == "nobody", who == "service" && (place == "shared" || place == "deputy"), whole && place == "shared":
		return "nothing"
	case who == "platform-admin" && place != "suspended", whole && place != "tenant" && place != "suspended":
		return who
	case what == "role", what == "private", what == "lendable" && slices.Contains(m.lends, who):
		return who
	}
	return what
}

// expected is what the row answers somebody at a place.
func (m *matrix) expected(r *row, method, who, place string) string {
	for status, those := range r.others {
		if slices.Contains(those, who+"@"+place) || slices.Contains(those, who+"@*") ||
			slices.Contains(those, who+"@held") && m.what(who, place) == who {
			return status
		}
	}
	if r.open() {
		return r.verdicts[0].status
	}
	tokens := strings.HasPrefix(r.path, "/scim/") || strings.HasPrefix(r.path, "/api/") && !strings.HasPrefix(r.path, "/api/v1/")
	page := !tokens && !strings.HasPrefix(r.path, "/api/")
	program := who == "service" || who == "directory"
	switch {
	case who == "nobody", tokens && !program, page && program:
		if page && (method == "GET" || method == "HEAD") && !strings.HasPrefix(r.path, "/events") {
			return "login"
		}
		return "401"
	}
	for _, v := range r.verdicts {
		if v.of[0] == "anyone" || m.holds(who, place, v.of) {
			return v.status
		}
	}
	return "404"
}

// short writes role@* for a role that is there with every place, and role@held
// for one that is there with just those where it is held.
func (m *matrix) short(r *row, those []string) (list []string) {
	done := map[string]bool{}
	for _, one := range those {
		who, _, _ := strings.Cut(one, "@")
		switch at := m.at(who, those); {
		case done[who]:
			continue
		case !r.everywhere():
			list = append(list, one)
		case len(at) == len(m.order):
			list = append(list, who+"@*")
		case slices.Equal(at, m.held(who)):
			list = append(list, who+"@held")
		default:
			for _, place := range at {
				list = append(list, who+"@"+place)
			}
		}
		done[who] = true
	}
	return list
}

// at are the places with which a role is among some, in order.
func (m *matrix) at(who string, those []string) []string {
	return slices.DeleteFunc(slices.Clone(m.order), func(place string) bool { return !slices.Contains(those, who+"@"+place) })
}

// held are the places in which a role is held, in order.
func (m *matrix) held(who string) []string {
	return slices.DeleteFunc(slices.Clone(m.order), func(place string) bool { return m.what(who, place) != who })
}

// write keeps the matrix as it is now.
func (m *matrix) write(t *testing.T) {
	t.Helper()
	var b strings.Builder
	b.WriteString(strings.Join(m.head, "\n") + "\n")
	for _, r := range m.rows {
		b.WriteString(r.text + "\n")
		for _, status := range slices.Sorted(maps.Keys(r.others)) {
			fmt.Fprintf(&b, "    ! %s: %s\n", status, strings.Join(m.short(r, r.others[status]), " "))
		}
	}
	if err := os.WriteFile(matrixFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

package rest_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
)

func TestAListIsAFileAsWell(t *testing.T) {
	h := newHouse(t)
	for i := range 3 {
		h.homer.do(t, "POST", "/orgs", map[string]any{"parent": h.Household, "name": fmt.Sprintf("=Room(%d)", i), "kind": "plain"}).wants(201)
	}
	a := h.homer.do(t, "GET", "/orgs?format=csv", nil).wants(200)
	rows, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if err != nil || len(rows) != 7 || rows[0][0] != "id" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%v %v %s", err, a.header, a.body)
	}
	if !strings.Contains(string(a.body), ",'=Room(0),") {
		t.Errorf("a name is a formula: %s", a.body)
	}
	keys := h.homer.do(t, "POST", "/orgs/"+string(h.Household)+"/keys", map[string]any{"boarding": "serials"}).wants(201)
	var many []string
	for i := range 450 {
		many = append(many, fmt.Sprintf("S%04d", i))
	}
	h.homer.do(t, "POST", "/keys/"+keys.text("id")+"/serials", map[string]any{"serials": many}).wants(204)
	if got := h.homer.do(t, "GET", "/keys/"+keys.text("id")+"/serials?format=csv", nil).wants(200); strings.Count(string(got.body), "\n") != 451 {
		t.Errorf("%d lines", strings.Count(string(got.body), "\n"))
	}
	h.marge.do(t, "GET", "/orgs/"+string(h.Household)+"/people?format=csv", nil).refuses(403, "not-allowed")
}

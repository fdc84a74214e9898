package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The house, top to bottom: a folder may import any folder after it.
var floors = []string{"cmd", "web", "devices", "orgs", "connectors", "policies", "iam", "migrations"}

// Leaves import nothing of the house beside other leaves of their own floor or below.
var leaves = []string{"devices/seal", "devices/wire", "iam/fault", "iam/vault"}

func TestImportsRunDownTheHouse(t *testing.T) {
	for _, p := range packages(t) {
		from := slices.Index(floors, floor(p.ImportPath))
		if from < 0 {
			t.Errorf("%s stands on no floor of the house", p.ImportPath)
		}
		for _, i := range p.Imports {
			if p.ImportPath == "halfkey/connectors/agenttoken" && i == "halfkey/devices/wire" {
				continue // it fetches, word for word, what a device is handed; the leaf knows nothing of devices
			}
			if to := slices.Index(floors, floor(i)); to >= 0 && to < from {
				t.Errorf("%s imports %s, which is above it", p.ImportPath, i)
			}
		}
	}
}

func TestLeavesImportNothingOfTheirParent(t *testing.T) {
	for _, p := range packages(t) {
		leaf := strings.TrimPrefix(p.ImportPath, "halfkey/")
		if !slices.Contains(leaves, leaf) {
			continue
		}
		for _, i := range p.Imports {
			in, ours := strings.CutPrefix(i, "halfkey/")
			if ours && !slices.Contains(leaves, in) && floor(i) == floor(p.ImportPath) {
				t.Errorf("the leaf %s imports %s", leaf, in)
			}
		}
	}
}

func TestTheDeviceSideKnowsNoServer(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != "halfkey/cmd/halfkey-device" {
			continue
		}
		for _, d := range p.Deps {
			in, ours := strings.CutPrefix(d, "halfkey/")
			if ours && !strings.HasPrefix(in, "devices/client") && in != "devices/seal" && in != "devices/wire" && !strings.HasPrefix(in, "cmd/halfkey-device") {
				t.Errorf("halfkey-device carries %s", in)
			}
		}
	}
}

func TestNoPackageIsCalledAfterNothing(t *testing.T) {
	empty := []string{"models", "dto", "utils", "common", "helpers", "types", "base", "manager"}
	for _, p := range packages(t) {
		if slices.Contains(empty, p.Name) {
			t.Errorf("%s says nothing of what it does", p.ImportPath)
		}
	}
}

type pkg struct {
	ImportPath, Name string
	Imports, Deps    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Imports,Deps", "halfkey/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func floor(path string) string {
	in, ours := strings.CutPrefix(path, "halfkey/")
	if !ours {
		return ""
	}
	top, _, _ := strings.Cut(in, "/")
	return top
}

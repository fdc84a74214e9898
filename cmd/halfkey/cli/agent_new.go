package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// make makes one agent, or those of a list.
func (a agents) make(given []string) error {
	list := a.flag("list")
	if (list == "") == (len(given) == 0) {
		return errors.New("new takes a name, or --list with a file")
	}
	if list != "" {
		return a.makeAll(list)
	}
	made, err := a.makeOne(given[0], a.flag("profile"), a.flag("org"))
	if err != nil {
		return err
	}
	if out := a.flag("out"); out != "" {
		if err := a.hand(made, out); err != nil {
			return err
		}
	}
	return a.tell(made, "id name securityProfile")
}

func (a agents) makeOne(name, profile, place string) (made agent, err error) {
	body := map[string]any{"name": name, "securityProfile": profile}
	if place != "" {
		if body["organisation"], err = a.resolve("org", place); err != nil {
			return made, err
		}
	}
	network, err := a.network()
	if err != nil {
		return made, err
	}
	if network != nil {
		body["network"] = network
	}
	return made, a.call(http.MethodPost, "/agents", "", body, &made)
}

// makeAll makes an agent for each line of a list of name, profile and place. It
// stops at the first line that will not do, and says which; what was made before
// stays.
func (a agents) makeAll(file string) error {
	from := io.NopCloser(a.cmd.InOrStdin())
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		from = f
	}
	defer from.Close()
	r := csv.NewReader(from)
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	made := []agent{}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return a.tell(map[string]any{"items": made}, "id name securityProfile")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		line, _ := r.FieldPos(0)
		cells = append(cells, "", "")
		if name := strings.TrimSpace(cells[0]); name != "" && !(line == 1 && strings.EqualFold(name, "name")) {
			profile, place := cells[1], cells[2]
			if profile = strings.TrimSpace(profile); profile == "" {
				profile = a.flag("profile")
			}
			if place = strings.TrimSpace(place); place == "" {
				place = a.flag("org")
			}
			one, err := a.makeOne(name, profile, place)
			if err == nil && a.flag("out") != "" {
				err = a.hand(one, filepath.Join(a.flag("out"), one.ID+".json"))
			}
			if err != nil {
				return fmt.Errorf("line %d, after %d agents were made: %w", line, len(made), err)
			}
			made = append(made, one)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"halfkey/cmd/halfkey/cli"
)

// The README's tables come from the program: what is missing is printed for pasting.
func TestTheReadmeTellsEverySettingAndCommand(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range append(settingRows(), commandRows(command(), "")...) {
		if !strings.Contains(string(text), row+"\n") {
			t.Errorf("README.md lacks\n%s", row)
		}
	}
}

func settingRows() []string {
	var rows []string
	for _, s := range settings() {
		value := fmt.Sprint(s.Default)
		if list, ok := s.Default.([]string); ok {
			value = strings.Join(list, ", ")
		}
		if value == "" {
			value = " "
		} else {
			value = " `" + value + "` "
		}
		rows = append(rows, fmt.Sprintf("| `%s` |%s| %s |", s.Key, value, s.Help))
	}
	return rows
}

func commandRows(c *cobra.Command, path string) []string {
	var rows []string
	for _, sub := range c.Commands() {
		name := strings.TrimSpace(path + " " + sub.Name())
		if sub.Runnable() && sub.Name() != "help" && sub.Name() != "completion" {
			rows = append(rows, fmt.Sprintf("| `halfkey %s` | %s |", name, sub.Short))
		}
		if sub.Annotations[cli.Noun] != "" {
			var verbs []string
			for _, verb := range sub.Commands() {
				verbs = append(verbs, "`"+verb.Name()+"`")
			}
			rows = append(rows, fmt.Sprintf("| `halfkey %s` | %s: %s |", name, sub.Short, strings.Join(verbs, ", ")))
			continue
		}
		rows = append(rows, commandRows(sub, name)...)
	}
	return rows
}

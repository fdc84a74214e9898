package main

import (
	"github.com/spf13/cobra"

	"halfkey/cmd/halfkey/cli"
)

// addVerbs hangs everything that the portal can do on the command line: nouns of
// its own, and further verbs of nouns that are there.
func addVerbs(root *cobra.Command) {
	root.AddCommand(cli.Commands(openAPI)...)
	root.AddCommand(cli.Agents(openAPI), cli.Doctor(openAPI))
	for _, noun := range root.Commands() {
		switch noun.Name() {
		case "audit":
			noun.AddCommand(cli.Trail(openAPI)...)
		case "channel":
			noun.AddCommand(cli.ReadingFiles(openAPI)...)
		case "admin":
			noun.AddCommand(cli.Admin(openAPI)...)
		}
	}
}

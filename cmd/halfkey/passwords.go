package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"halfkey/iam/blocklist"
)

// passwordFilter is where a list of leaked passwords lies after it was imported.
func (c Config) passwordFilter() string { return filepath.Join(c.Data, "passwords.filter") }

// passwordsCommand makes a filter of a list; a server that runs uses it from the
// next password on. Nothing is asked for over a network, and nothing is kept of
// the list itself.
func passwordsCommand() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Refuse the passwords of a list: one, or its SHA-1 as “Pwned Passwords” has it, a line",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			config, err := loadFor(c)
			if err != nil {
				return err
			}
			if to == "" {
				if err := config.makeFolder(); err != nil {
					return err
				}
				to = config.passwordFilter()
			}
			n, err := blocklist.Import(args[0], to)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d passwords will be refused.\n", n)
			return nil
		},
	}
	c.Flags().StringVar(&to, "to", "", "the filter's file; empty: the one in the data folder that the server looks into")
	return group("passwords", "What may not be a password", c)
}

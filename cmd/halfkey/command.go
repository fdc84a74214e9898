package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// command is the tree of verbs. Every one reads the same settings.
func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "halfkey",
		Short:         "Keys for devices: each learns half, and only both halves open the answer",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags(root.PersistentFlags())
	root.AddCommand(&cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		Run:   func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), "halfkey", version) },
	})
	return root
}

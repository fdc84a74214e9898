package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func registerCommand(o *options) *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Ask for credentials until they come, or --once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := o.device()
			if err != nil {
				return err
			}
			ask := d.Register
			if once {
				ask = d.RegisterOnce
			}
			if err := ask(cmd.Context()); err != nil {
				return err
			}
			s, err := o.remember()
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), s.status())
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "ask a single time")
	return cmd
}

package main

import (
	"context"
	"fmt"
	"os"

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
	root.CompletionOptions.HiddenDefaultCmd = true
	flags(root.PersistentFlags())
	root.AddCommand(serveCommand(), setupLinkCommand(), auditCommand(), keysetCommand(), migrateCommand(), passwordsCommand(), &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		Run:   func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), "halfkey", version) },
	})
	addVerbs(root)
	return root
}

func loadFor(c *cobra.Command) (Config, error) {
	return load(c.Flags(), os.Environ())
}

// inHouse is a verb that works on the data itself, whether or not halfkey serves.
func inHouse(use, short string, do func(ctx context.Context, c *cobra.Command, h *house) error) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := loadFor(c)
			if err != nil {
				return err
			}
			h, err := build(c.Context(), config, config.logger(c.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer h.close()
			return do(c.Context(), c, h)
		},
	}
}

func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(verbs...)
	return c
}

func setupLinkCommand() *cobra.Command {
	return group("admin", "What only who holds the machine may do",
		inHouse("setup-link", "Print a link that makes an administrator, or lets one back in", func(ctx context.Context, c *cobra.Command, h *house) error {
			return h.printSetupLink(ctx, c.OutOrStdout())
		}), recoveryLinkCommand())
}

func migrateCommand() *cobra.Command {
	return inHouse("migrate", "Bring the database's schema up to date, and do nothing else", func(_ context.Context, c *cobra.Command, h *house) error {
		fmt.Fprintln(c.OutOrStdout(), "The schema is up to date.")
		return nil
	})
}

func keysetCommand() *cobra.Command {
	return group("keyset", "The keys that seal everything",
		inHouse("rotate", "Begin a new key; what is sealed under the old ones stays readable", func(ctx context.Context, c *cobra.Command, h *house) error {
			if err := h.vault.Rotate(); err != nil {
				return err
			}
			if err := h.vault.Rewrap(ctx, h.db.Gorm); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "A new key seals from now on. Keep a copy of", h.config.Keyset)
			return nil
		}))
}

func auditCommand() *cobra.Command {
	return group("audit", "The trail of who did what",
		inHouse("verify", "Look for lines that were changed, removed or reordered, and for a cut tail", func(ctx context.Context, c *cobra.Command, h *house) error {
			report, err := h.trail.Verify(ctx)
			if err != nil {
				return err
			}
			for _, p := range report.Problems {
				fmt.Fprintln(c.OutOrStdout(), p)
			}
			if !report.OK() {
				return fmt.Errorf("the trail does not hold: %d of %d chains", len(report.Problems), report.Tenants)
			}
			fmt.Fprintf(c.OutOrStdout(), "The trail holds: %d lines in %d chains.\n", report.Lines, report.Tenants)
			return nil
		}), verifyExportCommand())
}

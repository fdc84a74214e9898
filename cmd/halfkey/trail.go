package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/riverqueue/river"
	"github.com/spf13/cobra"

	"halfkey/iam/audit"
	"halfkey/orgs"
)

// trailJobs are those that take longer than a request: to look at a long chain,
// and to sign a large part of it.
func (h *house) trailJobs(workers *river.Workers) {
	river.AddWorker(workers, &audit.Checker{Trail: h.trail})
	river.AddWorker(workers, &audit.Exporter{Trail: h.trail})
}

// verifyExportCommand checks a file that somebody took away. With the public
// key it needs neither the installation nor its data.
func verifyExportCommand() *cobra.Command {
	var keyFile string
	c := &cobra.Command{
		Use:   "verify-export FILE SIGNATURE",
		Short: "Look whether an exported file is as it was signed, and what it holds",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if keyFile != "" {
				return verifyWithKey(c.OutOrStdout(), keyFile, args[0], args[1])
			}
			config, err := loadFor(c)
			if err != nil {
				return err
			}
			h, err := build(c.Context(), config, config.logger(c.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer h.close()
			return h.verifyExport(c.Context(), c.OutOrStdout(), args[0], args[1])
		},
	}
	c.Flags().StringVar(&keyFile, "key", "", "file with the installation's public key, a JWK or PEM; without it the installation's own")
	return c
}

func verifyWithKey(out io.Writer, keyFile, file, signature string) error {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	key, err := audit.ParsePublicKey(text)
	if err != nil {
		return err
	}
	_, err = verifyFile(out, key, file, signature)
	return err
}

// verifyExport also looks whether the trail still has the line where the export ends.
func (h *house) verifyExport(_ context.Context, out io.Writer, file, signature string) error {
	key, err := h.trail.ExportKey()
	if err != nil {
		return err
	}
	signed, err := verifyFile(out, key, file, signature)
	if err != nil {
		return err
	}
	there, err := h.trail.StillThere(signed)
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("the file is as it was signed, but the trail here no longer has line %d as it was then", signed.UpTo)
	}
	fmt.Fprintln(out, "The trail here still has the line where it ends.")
	return nil
}

func verifyFile(out io.Writer, key audit.PublicKey, file, signature string) (s audit.Signed, err error) {
	f, err := os.Open(file)
	if err != nil {
		return s, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return s, err
	}
	text, err := os.ReadFile(signature)
	if err != nil {
		return s, err
	}
	if s, err = audit.CheckSignature(key, fmt.Sprintf("%x", sum.Sum(nil)), string(text)); err != nil {
		return s, err
	}
	fmt.Fprintf(out, "The file is as it was signed: %d lines of tenant %s, from a trail of %d lines, exported at %s.\n", s.Lines, s.Tenant, s.UpTo, s.At)
	return s, nil
}

// reviews are run by the timetable.
func (h *house) reviews() orgs.Reviews {
	return orgs.Reviews{Orgs: h.orgs, Store: h.channels, Machines: h.machines}
}

// Command halfkey-device is a device: it takes a registration key on its
// console, registers itself, keeps its credentials in a file as others keep
// them in EEPROM, and writes what it measures. There is no server inside.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := newCommand(os.Stdin, os.Stdout, os.Stderr)
	if err := cmd.ExecuteContext(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "halfkey-device:", err)
		os.Exit(1)
	}
}

func newCommand(in io.Reader, out, errs io.Writer) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:           "halfkey-device",
		Short:         "A device that registers itself with half a key",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRun: func(*cobra.Command, []string) {
			level := slog.LevelInfo
			if o.verbose {
				level = slog.LevelDebug
			}
			o.log = slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))
		},
	}
	cmd.SetIn(in)
	cmd.SetOut(out)
	cmd.SetErr(errs)
	o.flags(cmd.PersistentFlags())
	cmd.AddCommand(configureCommand(o), registerCommand(o), runCommand(o), simulateCommand(o))
	return cmd
}

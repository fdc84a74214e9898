package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"halfkey/devices/client"
)

type measure = func(time.Time) (client.Row, error)

func runCommand(o *options) *cobra.Command {
	var (
		interval, backfill time.Duration
		fromInput, once    bool
	)
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Register if need be, then measure and write",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			d, err := o.device()
			if err != nil {
				return err
			}
			take := client.NewThermometer(string(d.Serial)).Measure
			if fromInput {
				take = lines(ctx, cmd.InOrStdin())
				if !cmd.Flags().Changed("interval") {
					interval = 0 // the input sets the pace
				}
			}
			if once {
				return writeOnce(ctx, d, take)
			}
			if err := fillPast(ctx, d, backfill); err != nil {
				return err
			}
			return d.Run(ctx, interval, take)
		},
	}
	cmd.Flags().DurationVar(&interval, "interval", 15*time.Second, "time between values")
	cmd.Flags().BoolVar(&fromInput, "stdin", false, "values come from standard input: a line a row, fields apart by commas")
	cmd.Flags().BoolVar(&once, "once", false, "write one row and end")
	cmd.Flags().DurationVar(&backfill, "backfill", 0, "first write a simulated past, such as 24h")
	return cmd
}

func writeOnce(ctx context.Context, d *client.Client, take measure) error {
	if err := makeSure(ctx, d); err != nil {
		return err
	}
	row, err := take(time.Now())
	if err != nil {
		return err
	}
	return d.Report(ctx, row)
}

// pastStep is the time between two simulated values of the past.
const pastStep = 5 * time.Minute

func fillPast(ctx context.Context, d *client.Client, past time.Duration) error {
	if past <= 0 {
		return nil
	}
	if err := makeSure(ctx, d); err != nil {
		return err
	}
	now := time.Now()
	err := d.Backfill(ctx, now.Add(-past), now, pastStep, client.NewThermometer(string(d.Serial)).Measure)
	if err != nil && ctx.Err() == nil { // the present matters more
		d.Log.Warn("the past stays incomplete", "cause", err.Error())
		err = nil
	}
	return err
}

// makeSure registers a device that has no credentials.
func makeSure(ctx context.Context, d *client.Client) error {
	known, err := d.Registered()
	if err != nil || known {
		return err
	}
	return d.Register(ctx)
}

// lines measures by reading: "21.4" is field1, "21.4,60" are field1 and field2.
func lines(ctx context.Context, in io.Reader) measure {
	read := make(chan string)
	go func() { // a read cannot be interrupted, so it does not hold up the end
		defer close(read)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			if line := strings.TrimSpace(scan.Text()); line != "" {
				select {
				case read <- line:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return func(time.Time) (client.Row, error) {
		select {
		case <-ctx.Done():
			return client.Row{}, ctx.Err()
		case line, ok := <-read:
			if !ok {
				return client.Row{}, io.EOF
			}
			return parseRow(line), nil
		}
	}
}

// parseRow takes up to 8 values; what follows the eighth has no field to go to.
func parseRow(line string) client.Row {
	values := strings.Split(line, ",")
	values = values[:min(len(values), 8)]
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return client.Row{Fields: values}
}

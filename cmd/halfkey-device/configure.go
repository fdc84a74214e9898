package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"halfkey/devices/wire"
)

const consoleHelp = "regkey FIRST-SECOND | server URL | serial [NUMBER] | status"

func configureCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "configure [" + consoleHelp + "]",
		Short: "The device's console: one line as arguments, or lines from standard input",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := o.remember()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				said, err := s.command(strings.Join(args, " "))
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), said)
				}
				return err
			}
			return s.console(cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

// console answers every line with one line, as over a serial cable.
func (s *settings) console(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		said, err := s.command(line)
		if err != nil {
			said = "error: " + err.Error()
		}
		if _, err := fmt.Fprintln(out, said); err != nil {
			return err
		}
	}
	return lines.Err()
}

// command obeys one console line and stores what it changed.
func (s *settings) command(line string) (said string, err error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	before := s.state
	switch strings.ToLower(word) {
	case "regkey":
		if err = s.setKey(rest); err == nil {
			said = "ok, restart to register: " + s.shownKey()
		}
	case "server":
		if err = s.setServer(rest); err == nil {
			said = "ok, server " + s.state.Server
		}
	case "serial":
		if rest != "" {
			err = s.setSerial(rest)
		}
		said = "serial " + string(s.state.Serial)
	case "status":
		said = s.status()
	default:
		err = fmt.Errorf("say %s", consoleHelp)
	}
	if err == nil && s.state != before {
		err = s.store.Save(s.state)
	}
	return said, err
}

// shownKey is the key as it may be shown: dots for the second half.
func (s *settings) shownKey() string {
	key, err := wire.ParseKey(s.state.Key)
	if err != nil {
		return "none"
	}
	return key.String()
}

func (s *settings) status() string {
	channel := "none yet"
	for _, c := range []*wire.Credentials{s.state.Current, s.state.Next} {
		if c != nil {
			channel = c.Channel.ID
			break
		}
	}
	return fmt.Sprintf("serial %s, server %s, key %s, channel %s", s.state.Serial, s.state.Server, s.shownKey(), channel)
}

package cli

import (
	"crypto/rsa"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	side "halfkey/devices/client/agent"
)

// asAgent are the verbs in which this machine is the agent. What it knows lies
// in a state file.
func asAgent() []*cobra.Command {
	var config, state, key string
	onboard := &cobra.Command{Use: "onboard", Short: "As the agent: register with a boarding configuration", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return onboard(c, config, state, key)
	}}
	onboard.Flags().StringVar(&config, "config", "", "the boarding configuration")
	onboard.Flags().StringVar(&key, "key", "", "private key in PEM for RSA_3072; else one is made and kept with the state")
	token := &cobra.Command{Use: "token", Short: "As the agent: fetch an access token and print it", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		s, err := side.Load(state)
		if err != nil {
			return err
		}
		t, err := new(side.Client).Token(c.Context(), s)
		if err == nil {
			fmt.Fprintln(c.OutOrStdout(), t.Access)
		}
		return err
	}}
	rotate := &cobra.Command{Use: "rotate", Short: "As the agent: renew its credentials, also such as are over", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		s, err := side.Load(state)
		if err != nil {
			return err
		}
		if err := new(side.Client).Rotate(c.Context(), &s); err != nil {
			return err
		}
		return keep(c, s, state)
	}}
	for _, c := range []*cobra.Command{onboard, token, rotate} {
		c.Flags().StringVar(&state, "state", "", "file with what the agent knows")
	}
	for _, c := range []*cobra.Command{token, rotate} {
		if err := c.MarkFlagRequired("state"); err != nil {
			panic(err)
		}
	}
	if err := onboard.MarkFlagRequired("config"); err != nil {
		panic(err)
	}
	return []*cobra.Command{onboard, token, rotate}
}

// onboard registers. Its state lies beside the configuration unless said otherwise.
func onboard(c *cobra.Command, config, state, keyFile string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	boarding, err := side.ParseConfig(text)
	if err != nil {
		return err
	}
	if state == "" {
		state = strings.TrimSuffix(config, ".json") + ".state.json"
	}
	if s, err := side.Load(state); err == nil && s.ID == boarding.Content.ClientID {
		if _, err := new(side.Client).Token(c.Context(), s); err == nil {
			return fmt.Errorf("%s is onboarded already, with what %s holds", s.ID, state)
		}
	}
	var key *rsa.PrivateKey
	if keyFile != "" {
		text, err := os.ReadFile(keyFile)
		if err != nil {
			return err
		}
		if key, err = side.ParseKey(text); err != nil {
			return err
		}
	}
	s, err := new(side.Client).Onboard(c.Context(), boarding, key)
	if err != nil {
		return err
	}
	return keep(c, s, state)
}

func keep(c *cobra.Command, s side.State, state string) error {
	if err := s.Save(state); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s has credentials until %s, kept in %s\n", s.ID, s.Expires.Local().Format(time.DateTime), state)
	return nil
}

package main

import (
	"context"
	"fmt"
	"maps"

	"github.com/spf13/cobra"

	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/iam/oidc"
	"halfkey/iam/vault"
	"halfkey/web/letter"
)

// mailer is the way out for mail, or nil where none is set up.
func (c Config) mailer() (*notify.Mailer, error) {
	m := c.Mail
	if m.Host == "" {
		return nil, nil
	}
	return notify.NewMailer(notify.MailConfig{Host: m.Host, Port: m.Port, User: m.User, Password: vault.Secret(m.Password), From: m.From, Mode: m.TLS})
}

// tellers joins what tells people things, and what leads them back in.
func (h *house) tellers() error {
	mailer, err := h.config.mailer()
	if err != nil {
		return err
	}
	h.post = &notify.Service{DB: h.db.Gorm, Vault: h.vault, Mailer: mailer, Write: letter.Write, Base: h.baseURL, Now: h.now, Log: h.log}
	h.hooks = &notify.Hooks{DB: h.db.Gorm, Vault: h.vault, Client: notify.HookClient(h.config.PrivateTargets), Private: h.config.PrivateTargets, Now: h.now}
	h.recovery = &iam.Recovery{Sessions: h.sessions, Links: &iam.Links{DB: h.db.Gorm, Vault: h.vault, Now: h.now}, Post: h.post, MayHelp: h.orgs.MayHelp}
	h.orgs.Post, h.orgs.Addresses = h.post, &iam.Addresses{Sessions: h.sessions, Links: h.recovery.Links, Post: h.post}
	h.oidc = oidc.New(oidc.Parts{DB: h.db.Gorm, Vault: h.vault, Sessions: h.sessions, Private: h.config.PrivateTargets, Now: h.now,
		MayChange: h.orgs.MaySetSignIn, Join: h.orgs.JoinBySignIn})
	h.post.Later = h.recovery.Later()
	maps.Copy(h.post.Later, h.orgs.Addresses.Later())
	maps.Copy(h.post.Later, h.orgs.Later())
	return nil
}

// recoveryLinkCommand is the way back in that is always there: who holds the
// machine may help anybody, and it is on the record.
func recoveryLinkCommand() *cobra.Command {
	c := inHouse("recovery-link", "Print a link by which somebody who cannot sign in chooses a new password", func(ctx context.Context, c *cobra.Command, h *house) error {
		email, err := iam.ParseEmail(c.Flags().Arg(0))
		if err != nil {
			return err
		}
		token, err := h.recovery.FromConsole(ctx, email)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "\nWhoever opens this link within 30 minutes chooses a new password for %s:\n\n  %s/recover/%s\n\n", email, h.baseURL(ctx), token.Reveal())
		return err
	})
	c.Use, c.Args = "recovery-link ADDRESS", cobra.ExactArgs(1)
	return c
}

func (h *house) browsers() *iam.Browsers {
	return &iam.Browsers{DB: h.db.Gorm, Vault: h.vault, Post: h.post}
}

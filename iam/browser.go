package iam

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/notify"
	"halfkey/iam/vault"
)

// LetterNewBrowser tells a person that he was signed in where he never was
// before; he may mute it.
const LetterNewBrowser = "new-browser"

// browserKept is how long a browser is remembered that does not come back.
const browserKept = 4 * SessionLife

// Browsers remembers where each person has signed in, so that he hears of a
// place where he never was: by mail, where there is mail.
type Browsers struct {
	DB    *gorm.DB
	Vault *vault.Vault
	Post  *notify.Service
}

// Seen notes that a person was signed in, in a browser that keeps this cookie.
// agent is what the browser says it is, in words. Of the first browser of all
// nothing is told: it is where he came to be.
func (b *Browsers) Seen(ctx context.Context, user User, browser vault.Secret, agent string) error {
	hash := b.Vault.MAC("known-browser", []byte(user.ID), []byte(browser.Reveal()))
	now := Micros(b.Post.Now())
	err := b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec("UPDATE known_browsers SET seen_at = ? WHERE user_id = ? AND browser_hash = ?", now, string(user.ID), hash)
		if res.Error != nil || res.RowsAffected > 0 {
			return res.Error
		}
		var others int64
		if err := tx.Raw("SELECT COUNT(*) FROM known_browsers WHERE user_id = ?", string(user.ID)).Scan(&others).Error; err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO known_browsers (user_id, browser_hash, seen_at) VALUES (?, ?, ?)", string(user.ID), hash, now).Error; err != nil {
			return err
		}
		if others == 0 {
			return nil
		}
		return b.Post.MailTo(ctx, tx, string(user.ID), notify.Letter{Kind: LetterNewBrowser, Data: notify.Data{"Name": user.Name, "Browser": agent, notify.Path: "/me"}})
	})
	if err != nil {
		return fmt.Errorf("remember a browser: %w", err)
	}
	return nil
}

// Sweep forgets browsers that have not come back for a year, a thousand at a time.
func (b *Browsers) Sweep(ctx context.Context) error {
	for {
		res := b.DB.WithContext(ctx).Exec(`DELETE FROM known_browsers WHERE (user_id, browser_hash) IN
(SELECT user_id, browser_hash FROM known_browsers WHERE seen_at <= ? LIMIT ?)`, Micros(b.Post.Now().Add(-browserKept)), sweepBatch)
		if res.Error != nil {
			return fmt.Errorf("sweep browsers: %w", res.Error)
		}
		if res.RowsAffected < sweepBatch {
			return nil
		}
	}
}

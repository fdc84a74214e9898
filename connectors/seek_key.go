package connectors

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/fault"
)

// ErrKeySame and ErrGone are what a look for another key can come to, besides an
// account or a service in trouble.
var (
	ErrKeySame = fault.New(fault.Conflict, "channel-key-same", "The channel still has the key that its device knows. Change it there first, then look again.")
	ErrGone    = fault.New(fault.Conflict, "channel-gone-outside", "The service no longer has this channel. Its device gets another at its next call.")
)

// SeekKey looks whether somebody changed a channel's write key at the service, and
// takes it over. The caller has judged that he may manage the channel's device. It
// fails with ErrChannel, ErrKeySame, ErrGone, ErrTestKey and ErrTestSilent.
func (d *Desk) SeekKey(ctx context.Context, channel string) error {
	p, err := find(ctx, d.DB, channel)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrChannel
	}
	if err != nil {
		return fmt.Errorf("find channel %s: %w", channel, err)
	}
	var a account
	if err := d.db(ctx).Raw(`SELECT * FROM connectors WHERE id = ?`, p.Connector).Take(&a).Error; err != nil {
		return fmt.Errorf("find the connector of channel %s: %w", channel, err)
	}
	if err := d.open(ctx, &a); err != nil {
		return fmt.Errorf("open connector %s: %w", a.ID, err)
	}
	there, err := d.list(ctx, &a)
	if err != nil {
		return noAnswer(err)
	}
	if p.External == nil {
		return ErrKeySame // it is being made
	}
	o, ok := there.byID[*p.External]
	if !ok {
		return ErrGone
	}
	differ, err := d.keysDiffer(d.db(ctx), &p, o)
	if err != nil {
		return err
	}
	if !differ {
		return ErrKeySame
	}
	return d.adopt(ctx, &p, o)
}

package connectors

import (
	"context"
	"errors"
	"time"

	"halfkey/iam"
)

// wasRead notes what reading a channel came to. Trouble of the service is its
// connector's, as with any other call; a refusal is this channel's alone, and has
// the connector look sooner whether the key was changed there or the channel is gone.
func (d *Desk) wasRead(ctx context.Context, a *account, p *Projection, failed error) error {
	now := d.Now()
	if failed == nil {
		return d.readWell(ctx, a, p, now)
	}
	cause, again := causeOf(failed), readRefused
	var err error
	switch {
	case errors.Is(cause, ErrUnsure), errors.Is(cause, ErrPace):
		again = readSoonest // or when the connector is asked again
		err = d.trouble(ctx, a, failed)
	default:
		d.Log.Warn("connectors: a service outside does not show a channel", "connector", a.ID, "channel", p.ID, "cause", cause)
		if a.ListedAt != nil && now.Sub(iam.Time(*a.ListedAt)) >= readSweep {
			err = d.db(ctx).Exec(`UPDATE connectors SET listed_at = NULL WHERE id = ? AND listed_at = ?`, a.ID, *a.ListedAt).Error
			d.Wake()
		}
	}
	if err != nil {
		return err
	}
	if err := d.db(ctx).Exec(`UPDATE projections SET read_error = ?, read_due_at = ? WHERE id = ?`, cause.Error(), iam.Micros(now.Add(again)), p.ID).Error; err != nil {
		return err
	}
	if p.ReadError == "" {
		d.turned(p)
	}
	return nil
}

func (d *Desk) readWell(ctx context.Context, a *account, p *Projection, now time.Time) error {
	due, err := d.readAgain(ctx, p, now)
	if err != nil {
		return err
	}
	away := a.Trouble == ErrUnsure.Error() || a.Trouble == ErrPace.Error()
	if away || a.Fails > 0 {
		if err := d.db(ctx).Exec(`UPDATE connectors SET trouble = '', trouble_at = NULL, fails = 0, retry_at = 0 WHERE id = ? AND trouble IN ('', ?, ?)`,
			a.ID, ErrUnsure.Error(), ErrPace.Error()).Error; err != nil {
			return err
		}
	}
	if err := d.db(ctx).Exec(`UPDATE projections SET read_at = ?, read_error = '', read_due_at = ? WHERE id = ?`, iam.Micros(now), iam.Micros(due), p.ID).Error; err != nil {
		return err
	}
	if away || p.ReadError != "" || p.ReadAt == nil {
		d.turned(p)
	}
	return nil
}

// readAgain is when a copy is made good without anybody looking: in the rhythm of
// its device, and of one that is silent the more rarely the longer it is.
func (d *Desk) readAgain(ctx context.Context, p *Projection, now time.Time) (time.Time, error) {
	rhythm, err := d.Keeps.Rhythm(ctx, p.ID)
	if err != nil {
		return now, err
	}
	heard := p.ReadNewest
	if heard == 0 {
		heard = p.CreatedAt
	}
	return now.Add(min(readLatest, max(readSoonest, rhythm, now.Sub(iam.Time(heard))/10))), nil
}

// turned has open pages say that a channel is read again, or is not.
func (d *Desk) turned(p *Projection) {
	if d.After != nil {
		d.After(News{NewsCopy, p.Tenant, p.ID})
	}
}

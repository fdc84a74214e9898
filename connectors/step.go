package connectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
)

// lookAfter is how long after a call without a certain answer it is looked for;
// by then even a late one is done, as a rule. What comes later still the sweep finds.
const lookAfter = 15 * time.Second

// step does what is pending for one projection; more tells whether the next one
// may be tried now.
func (d *Desk) step(ctx context.Context, a *account, there *inventory, p *Projection) (more bool, err error) {
	switch p.Pending {
	case toCreate, toLook, toLook2:
		return d.create(ctx, a, there, p)
	case toChange:
		return d.alter(ctx, a, p)
	case toClose:
		return d.close(ctx, a, there, p)
	}
	return true, nil
}

// create makes a channel, once. First it is looked for by its mark; before it is
// asked for it is written down that it will be; and if the answer is not certain,
// it is looked for twice before it is asked for again.
func (d *Desk) create(ctx context.Context, a *account, there *inventory, p *Projection) (more bool, err error) {
	if found := there.marked[p.marker()]; len(found) > 0 {
		o, err := d.whole(ctx, a, best(found, p.External))
		if err == nil && o.WriteKey == "" && len(p.WriteSealed) == 0 {
			err = fmt.Errorf("%w: it is in use already, and nobody here has its key", ErrDenied)
		}
		if err != nil {
			return d.stuck(ctx, a, p, p.Pending, err)
		}
		return true, d.adopt(ctx, p, o)
	}
	switch now := iam.Micros(d.Now()); p.Pending {
	case toLook:
		return true, d.db(ctx).Exec(`UPDATE projections SET pending = ?, due_at = ? WHERE id = ? AND pending = ?`, toLook2, now+2*lookAfter.Microseconds(), p.ID, toLook).Error
	case toLook2:
		p.Pending = toCreate
		if err := d.db(ctx).Exec(`UPDATE projections SET pending = ?, asked_at = NULL WHERE id = ? AND pending = ?`, toCreate, p.ID, toLook2).Error; err != nil {
			return false, err
		}
	}
	if limit := a.limit(); limit > 0 && len(there.byID) >= limit {
		return d.stuck(ctx, a, p, toCreate, ErrQuota)
	}
	now := iam.Micros(d.Now())
	res := d.db(ctx).Exec(`UPDATE projections SET pending = ?, asked_at = ?, due_at = ? WHERE id = ? AND pending = ? AND state IN ('creating', 'spare')`,
		toLook, now, now+lookAfter.Microseconds(), p.ID, toCreate)
	if res.Error != nil || res.RowsAffected == 0 {
		return res.Error == nil, res.Error
	}
	p.Pending, p.Asked = toLook, &now
	call, cancel := d.patient(ctx)
	made, err := a.service.Create(call, a.access, p.marker(), p.wish())
	cancel()
	if err == nil && (made.ID == "" || made.WriteKey == "") {
		err = fmt.Errorf("%w: a channel without a number or a write key", ErrUnsure)
	}
	switch cause := causeOf(err); {
	case err == nil:
		there.put(made, p.marker())
		a.Fails = 0
		return true, d.adopt(ctx, p, made)
	case errors.Is(cause, ErrUnsure):
		return d.stuck(ctx, a, p, toLook, err)
	default:
		return d.stuck(ctx, a, p, toCreate, err)
	}
}

// best picks among channels with the same mark: one that holds values, the one
// that we know, the lowest number.
func best(found []Outer, known *string) Outer {
	return slices.MinFunc(found, func(a, b Outer) int {
		return cmp.Or(cmp.Compare(empty(a), empty(b)), cmp.Compare(other(a, known), other(b, known)), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
}

func empty(o Outer) int {
	if o.Entries > 0 {
		return 0
	}
	return 1
}

func other(o Outer, known *string) int {
	if known != nil && *known == o.ID {
		return 0
	}
	return 1
}

// adopt takes what the service shows as the projection's channel: made just now,
// or found.
func (d *Desk) adopt(ctx context.Context, p *Projection, o Outer) error {
	var news *News
	err := d.db(ctx).Transaction(func(tx *gorm.DB) (err error) {
		news, err = d.adoptIn(ctx, tx, p.ID, o)
		return err
	})
	if err != nil {
		return fmt.Errorf("adopt channel %s: %w", o.ID, err)
	}
	if news != nil && d.After != nil {
		d.After(*news)
	}
	return nil
}

func (d *Desk) adoptIn(ctx context.Context, tx *gorm.DB, id string, o Outer) (*News, error) {
	p, err := find(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	now := iam.Micros(d.Now())
	set := map[string]any{"external_id": o.ID, "seen": seenOf(o), "synced_at": now, "asked_at": nil, "error": "", "error_at": nil}
	var news *News
	switch keys, err := d.keysDiffer(tx, &p, o); {
	case err != nil:
		return nil, err
	case keys:
		if set["write_key_sealed"], err = d.Vault.Seal(tx, writeCell(&p), []byte(o.WriteKey.Reveal())); err != nil {
			return nil, err
		}
		set["key_version"], set["key_changed_at"] = p.KeyVersion+1, now
		if p.State == Ready || p.State == Held {
			news = &News{NewsKeys, p.Tenant, p.ID}
		}
	}
	if o.ReadKey != "" {
		if set["read_key_sealed"], err = d.Vault.Seal(tx, readCell(&p), []byte(o.ReadKey.Reveal())); err != nil {
			return nil, err
		}
	}
	if p.State == Creating || p.State == Lost {
		set["state"] = Ready
		news = &News{NewsReady, p.Tenant, p.ID}
	}
	switch {
	case p.State == Closing:
		set["pending"], set["tries"], set["due_at"] = toClose, 0, now
	case p.State != Spare && p.differs(sightOf(o)):
		if p.Pending != toChange {
			set["pending"], set["tries"], set["due_at"] = toChange, 0, now
		}
	default:
		set["pending"], set["tries"] = "", 0
	}
	if err := tx.Model(&Projection{}).Where("id = ?", p.ID).Updates(set).Error; err != nil {
		return nil, err
	}
	if news == nil || d.Told == nil {
		return news, nil
	}
	return news, d.Told(ctx, tx, *news)
}

func (d *Desk) keysDiffer(tx *gorm.DB, p *Projection, o Outer) (bool, error) {
	if o.WriteKey == "" {
		return false, nil
	}
	if len(p.WriteSealed) == 0 {
		return true, nil
	}
	ours, err := d.Vault.Open(tx, writeCell(p), p.WriteSealed)
	return string(ours) != o.WriteKey.Reveal(), err
}

// alter gives the channel the settings that we want.
func (d *Desk) alter(ctx context.Context, a *account, p *Projection) (more bool, err error) {
	if p.External == nil {
		return true, nil
	}
	call, cancel := d.patient(ctx)
	o, err := a.service.Change(call, a.access, *p.External, p.wish())
	cancel()
	switch {
	case errors.Is(err, ErrNotThere):
		return true, d.lose(ctx, p)
	case err != nil:
		return d.stuck(ctx, a, p, toChange, err)
	}
	set := map[string]any{"seen": seenOf(o), "synced_at": iam.Micros(d.Now()), "pending": "", "tries": 0, "error": "", "error_at": nil}
	if p.differs(sightOf(o)) {
		// It keeps other settings than it was given: there is no use in saying it again and again.
		delete(set, "pending")
		set["tries"], set["due_at"], set["error"] = p.Tries+1, iam.Micros(d.Now().Add(wait(p.Tries+6, longestGap))), ErrDenied.Error()
	}
	return true, d.db(ctx).Model(&Projection{}).Where("id = ? AND pending = ? AND name = ? AND fields = ?", p.ID, toChange, p.Name, p.Fields).Updates(set).Error
}

// close ends a channel: an empty one goes, so that the account has room again; one
// with values stays where it is, and we hand out nothing of it. An agent goes
// whatever it did.
func (d *Desk) close(ctx context.Context, a *account, there *inventory, p *Projection) (more bool, err error) {
	found := there.marked[p.marker()]
	if p.External != nil {
		if o, ok := there.byID[*p.External]; ok {
			found = append(found, o)
		}
	} else if len(found) == 0 && p.Asked != nil && iam.Micros(d.Now())-*p.Asked < 4*lookAfter.Microseconds() {
		return true, d.db(ctx).Exec(`UPDATE projections SET due_at = ? WHERE id = ? AND pending = ?`, iam.Micros(d.Now().Add(lookAfter)), p.ID, toClose).Error
	}
	for _, o := range found {
		if _, ends := a.service.(Boarder); o.Entries > 0 && !ends {
			continue
		}
		call, cancel := d.patient(ctx)
		err := a.service.Delete(call, a.access, o.ID)
		cancel()
		if err != nil && !errors.Is(err, ErrNotThere) {
			return d.stuck(ctx, a, p, toClose, err)
		}
		delete(there.byID, o.ID)
	}
	return true, d.db(ctx).Exec(`UPDATE projections SET state = 'closed', pending = '', tries = 0, error = '', synced_at = ? WHERE id = ?`, iam.Micros(d.Now()), p.ID).Error
}

// lose notes that a channel was deleted outside.
func (d *Desk) lose(ctx context.Context, p *Projection) error {
	news := News{NewsLost, p.Tenant, p.ID}
	err := d.db(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec(`UPDATE projections SET state = 'lost', pending = '', tries = 0, error = ?, error_at = ? WHERE id = ? AND state IN ('ready', 'held')`,
			ErrNotThere.Error(), iam.Micros(d.Now()), p.ID)
		if res.Error != nil || res.RowsAffected == 0 || d.Told == nil {
			return res.Error
		}
		return d.Told(ctx, tx, news)
	})
	if err != nil {
		return fmt.Errorf("note that channel %s is lost: %w", p.ID, err)
	}
	if d.After != nil {
		d.After(news)
	}
	return nil
}

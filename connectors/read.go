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
	"halfkey/iam/vault"
)

const (
	readFew     = 100              // entries: so many are asked for first, which no service keeps in a cache
	readPages   = 6                // of MostReadings at most: a month of an entry a minute
	readSlice   = 250              // entries in one transaction
	readSweep   = 5 * time.Minute  // so long after a list a key that is refused is worth another
	readSoonest = time.Minute      // without anybody looking
	readLatest  = time.Hour        //
	readRefused = 10 * time.Minute // after a refusal
)

// read makes the copy of a channel good: what is newer there than the copy is
// added to it. Of several who try at once, one does it.
func (d *Desk) read(ctx context.Context, id string) error {
	p, a, err := d.toRead(ctx, id)
	if p == nil || err != nil {
		return err
	}
	key, err := d.readKey(d.db(ctx), p)
	if err != nil {
		return err
	}
	counted, keep := d.Counted(ctx, a.ID)
	failed := d.readNew(counted, a, p, key)
	if ctx.Err() != nil {
		return nil // the next start finds it as old as it is
	}
	if failed != nil {
		keep() // of those that are read well there are too many to remember
	}
	return d.wasRead(ctx, a, p, failed)
}

// toRead takes a projection whose copy is not new, unless another replica did, or
// its connector is left alone.
func (d *Desk) toRead(ctx context.Context, id string) (*Projection, *account, error) {
	p, err := find(ctx, d.DB, id)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var a account
	if err := d.db(ctx).Raw(`SELECT * FROM connectors WHERE id = ?`, p.Connector).Take(&a).Error; err != nil {
		return nil, nil, err
	}
	now := iam.Micros(d.Now())
	if _, reads := d.Services[a.Provider].(Reader); !reads || d.Keeps == nil || a.State != active || a.RetryAt > now || p.External == nil {
		return nil, nil, nil
	}
	res := d.db(ctx).Exec(`UPDATE projections SET read_tried_at = ? WHERE id = ? AND state IN ('ready', 'held') AND (read_tried_at IS NULL OR read_tried_at <= ?)`,
		now, id, now-lookEvery.Microseconds())
	if res.Error != nil || res.RowsAffected == 0 {
		return nil, nil, res.Error
	}
	return &p, &a, a.settings()
}

// readKey is one that reads the channel. A service that makes none of its own
// lets the write key read.
func (d *Desk) readKey(tx *gorm.DB, p *Projection) (vault.Secret, error) {
	cell, sealed := readCell(p), p.ReadSealed
	if len(sealed) == 0 {
		cell, sealed = writeCell(p), p.WriteSealed
	}
	if len(sealed) == 0 {
		return "", nil
	}
	key, err := d.Vault.Open(tx, cell, sealed)
	if err != nil {
		return "", fmt.Errorf("open a key of channel %s: %w", p.ID, err)
	}
	return vault.Secret(key), nil
}

// readNew adds what is new there to the copy.
func (d *Desk) readNew(ctx context.Context, a *account, p *Projection, key vault.Secret) error {
	page := func(w Page) (Readings, error) {
		call, cancel := d.patient(ctx)
		defer cancel()
		return d.Services[a.Provider].(Reader).Readings(call, a.access.Settings, *p.External, key, w)
	}
	from := time.Time{}
	if p.ReadNewest > 0 {
		from = iam.Time(p.ReadNewest)
	}
	got, err := page(Page{From: from, Most: readFew})
	if err != nil {
		return err
	}
	if got.Last < p.ReadUpto && (got.Last == 0 || newestOf(got.Entries).After(from)) {
		// Somebody has emptied it there. What he wanted gone does not stay here.
		if err := d.Keeps.Empty(ctx, p.ID); err != nil && !errors.Is(err, ErrChannel) {
			return err
		}
		if err := d.db(ctx).Exec(`UPDATE projections SET read_upto = 0, read_newest = 0 WHERE id = ?`, p.ID).Error; err != nil {
			return err
		}
		p.ReadUpto, p.ReadNewest, from = 0, 0, time.Time{}
		if got, err = page(Page{Most: readFew}); err != nil {
			return err
		}
	}
	fresh := newer(got.Entries, p.ReadUpto)
	for n, full := 0, len(got.Entries) >= readFew && len(fresh) > 0; full && n < readPages && fresh[0].Number > p.ReadUpto+1; n++ {
		more, err := page(Page{From: from, To: oldestOf(fresh), Most: MostReadings})
		if err != nil {
			return err
		}
		before := len(fresh)
		fresh = merged(newer(more.Entries, p.ReadUpto), fresh)
		full = len(more.Entries) >= MostReadings && len(fresh) > before
	}
	// Some may have come with a time before the newest that we have.
	missing := func() bool { return p.ReadUpto > 0 && p.ReadUpto+int64(len(fresh)) < got.Last }
	sought, to := missing(), time.Time{}
	for n := 0; missing() && n < readPages; n++ {
		more, err := page(Page{To: to, Most: MostReadings})
		if err != nil {
			return err
		}
		if fresh = merged(newer(more.Entries, p.ReadUpto), fresh); len(more.Entries) < MostReadings {
			break
		}
		to = oldestOf(more.Entries)
	}
	if err := d.add(ctx, p, fresh); err != nil || !sought {
		return err
	}
	// What was not found is not looked for again.
	return d.db(ctx).Exec(`UPDATE projections SET read_upto = ? WHERE id = ? AND read_upto = ? AND read_upto < ?`, got.Last, p.ID, p.ReadUpto, got.Last).Error
}

// add puts entries into the copy, a few in a transaction, as long as nobody else does.
func (d *Desk) add(ctx context.Context, p *Projection, fresh []Entry) error {
	for part := range slices.Chunk(fresh, readSlice) {
		upto, newest := part[len(part)-1].Number, max(p.ReadNewest, iam.Micros(newestOf(part)))
		told := func() {}
		err := d.db(ctx).Transaction(func(tx *gorm.DB) error {
			res := tx.Exec(`UPDATE projections SET read_upto = ?, read_newest = ? WHERE id = ? AND read_upto = ?`, upto, newest, p.ID, p.ReadUpto)
			if res.Error != nil || res.RowsAffected == 0 {
				return cmp.Or(res.Error, errRaced)
			}
			now, err := find(ctx, tx, p.ID) // it may have moved since
			if err != nil {
				return err
			}
			told, err = d.Keeps.Copy(ctx, tx, Original{now.ID, now.Tenant, now.Org, now.Name, now.fields()}, part)
			return err
		})
		if errors.Is(err, errRaced) {
			return nil
		}
		if err != nil {
			return err
		}
		told()
		p.ReadUpto, p.ReadNewest = upto, newest
	}
	return nil
}

// errRaced says that somebody else was faster.
var errRaced = errors.New("somebody else was faster")

// newer are the entries behind a number. Entries are in the order of their numbers.
func newer(all []Entry, upto int64) []Entry {
	n, _ := slices.BinarySearchFunc(all, upto+1, func(e Entry, number int64) int { return cmp.Compare(e.Number, number) })
	return all[n:]
}

func merged(a, b []Entry) []Entry {
	all := append(slices.Clip(a), b...)
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Compare(a.Number, b.Number) })
	return slices.CompactFunc(all, func(a, b Entry) bool { return a.Number == b.Number })
}

func newestOf(all []Entry) (at time.Time) {
	for _, e := range all {
		if e.At.After(at) {
			at = e.At
		}
	}
	return at
}

func oldestOf(all []Entry) time.Time {
	return slices.MinFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) }).At
}

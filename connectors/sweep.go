package connectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"halfkey/iam"
)

// A Difference is between what is there and what should be.
type Difference struct {
	Kind       string
	Projection string // ours; empty where we know none
	External   string // theirs; empty where it is not there
	Name       string
	entries    int64
}

// The kinds of differences, and what is done about them.
const (
	DiffFound    = "found"    // asked for without an answer, and made: it is taken
	DiffDouble   = "double"   // made twice: the empty one goes
	DiffOrphan   = "orphan"   // made by us and wanted by nobody, empty: it goes
	DiffKept     = "kept"     // made by us and wanted by nobody, holds values: a person decides
	DiffMissing  = "missing"  // deleted outside: its device gets another at its next call
	DiffKeys     = "keys"     // has other keys than we know: they are taken over
	DiffSettings = "settings" // other name, fields or publicity: ours are set
)

// compare finds every difference. Channels without our mark are nobody's business.
func compare(a *account, there *inventory, rows []Projection, open func(*Projection, Outer) bool) (all []Difference) {
	byMarker := map[string]*Projection{}
	for i := range rows {
		byMarker[rows[i].marker()] = &rows[i]
	}
	seen := map[string]bool{} // external ids that are accounted for
	for _, marker := range sorted(there.marked) {
		found := there.marked[marker]
		if !strings.HasPrefix(marker, string(a.ID)+".") {
			continue
		}
		p := byMarker[marker]
		if p == nil || p.State == Closed || p.State == Closing {
			for _, o := range found {
				switch {
				case p != nil && p.State == Closing:
				case o.Entries == 0:
					all = append(all, Difference{DiffOrphan, "", o.ID, o.Name, 0})
				case p == nil:
					all = append(all, Difference{DiffKept, "", o.ID, o.Name, o.Entries})
				}
			}
			continue
		}
		keep := best(found, p.External)
		for _, o := range found {
			if o.ID != keep.ID && o.Entries == 0 {
				all = append(all, Difference{DiffDouble, p.ID, o.ID, o.Name, 0})
			}
		}
		if p.External == nil || *p.External != keep.ID || p.State == Lost {
			all = append(all, Difference{DiffFound, p.ID, keep.ID, keep.Name, keep.Entries})
			seen[keep.ID] = true
		}
	}
	for i := range rows {
		p := &rows[i]
		if p.External == nil || p.State != Ready && p.State != Held && p.State != Spare {
			continue
		}
		o, ok := there.byID[*p.External]
		switch s := sightOf(o); {
		case !ok && len(there.marked[p.marker()]) == 0:
			all = append(all, Difference{DiffMissing, p.ID, *p.External, p.Name, 0})
		case !ok || seen[o.ID]:
		case o.WriteKey != "" && open(p, o):
			all = append(all, Difference{DiffKeys, p.ID, o.ID, p.Name, o.Entries})
		case p.Pending == "" && p.State != Spare && p.differs(s):
			all = append(all, Difference{DiffSettings, p.ID, o.ID, p.Name, o.Entries})
		}
	}
	return all
}

func sorted(marked map[string][]Outer) (markers []string) {
	for m := range marked {
		markers = append(markers, m)
	}
	slices.Sort(markers)
	return markers
}

// sweep looks for what nobody knows of, takes what is wanted, deletes what is
// empty and wanted by nobody, and notes what it saw.
func (d *Desk) sweep(ctx context.Context, a *account, there *inventory) error {
	rows, all, err := d.differences(ctx, a, there)
	if err != nil {
		return err
	}
	all, held, trouble := withhold(all, max(alive(rows), there.of(a)))
	if trouble != "" {
		d.Log.Warn("connectors: so much is otherwise there that a person should look", "connector", a.ID, "what", trouble, "held", len(held))
		if err := d.db(ctx).Exec(`UPDATE connectors SET trouble = ?, trouble_at = COALESCE(trouble_at, ?) WHERE id = ?`, trouble, iam.Micros(d.Now()), a.ID).Error; err != nil {
			return err
		}
	} else if Withheld(a.Trouble) {
		if err := d.db(ctx).Exec(`UPDATE connectors SET trouble = '', trouble_at = NULL WHERE id = ?`, a.ID).Error; err != nil {
			return err
		}
	}
	for _, x := range all {
		if mine, err := d.lease(ctx, a); err != nil || !mine {
			return err
		}
		if err := d.mend(ctx, a, there, x); err != nil {
			return d.trouble(ctx, a, err)
		}
	}
	for i := range rows {
		if err := d.noteSight(ctx, there, &rows[i]); err != nil {
			return err
		}
	}
	return d.db(ctx).Exec(`UPDATE connectors SET listed_at = ? WHERE id = ?`, iam.Micros(d.Now()), a.ID).Error
}

func alive(rows []Projection) (n int) {
	for _, p := range rows {
		if p.State == Ready || p.State == Held || p.State == Spare {
			n++
		}
	}
	return n
}

func (d *Desk) differences(ctx context.Context, a *account, there *inventory) (rows []Projection, all []Difference, err error) {
	if err := d.db(ctx).Where("connector_id = ?", a.ID).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, nil, fmt.Errorf("list projections: %w", err)
	}
	all = compare(a, there, rows, func(p *Projection, o Outer) bool {
		differ, failed := d.keysDiffer(d.db(ctx), p, o)
		err = errors.Join(err, failed)
		return differ
	})
	return rows, all, err
}

// mend does away with one difference.
func (d *Desk) mend(ctx context.Context, a *account, there *inventory, x Difference) error {
	switch x.Kind {
	case DiffFound, DiffKeys:
		p := Projection{ID: x.Projection}
		return d.adopt(ctx, &p, there.byID[x.External])
	case DiffDouble, DiffOrphan:
		call, cancel := d.patient(ctx)
		defer cancel()
		if err := a.service.Delete(call, a.access, x.External); err != nil && !errors.Is(err, ErrNotThere) {
			return err
		}
		delete(there.byID, x.External)
		return nil
	case DiffMissing:
		p, err := find(ctx, d.DB, x.Projection)
		if err == nil {
			err = d.lose(ctx, &p)
		}
		return err
	case DiffSettings:
		return d.db(ctx).Exec(`UPDATE projections SET pending = ?, tries = 0, due_at = ? WHERE id = ? AND pending = ''`, toChange, iam.Micros(d.Now()), x.Projection).Error
	}
	return nil
}

// noteSight keeps what the service showed of a channel, when it is news.
func (d *Desk) noteSight(ctx context.Context, there *inventory, p *Projection) error {
	if p.External == nil {
		return nil
	}
	o, ok := there.byID[*p.External]
	if ok {
		if err := d.noteReadKey(ctx, p, o); err != nil {
			return err
		}
	}
	if !ok || p.SyncedAt != nil && seenOf(o) == p.Seen {
		return nil
	}
	return d.db(ctx).Exec(`UPDATE projections SET seen = ?, synced_at = ? WHERE id = ? AND external_id = ?`, seenOf(o), iam.Micros(d.Now()), p.ID, o.ID).Error
}

// noteReadKey takes over the key that reads a channel, when it is another: only we
// read with it.
func (d *Desk) noteReadKey(ctx context.Context, p *Projection, o Outer) error {
	if o.ReadKey == "" {
		return nil
	}
	tx := d.db(ctx)
	if len(p.ReadSealed) > 0 {
		if ours, err := d.Vault.Open(tx, readCell(p), p.ReadSealed); err != nil || string(ours) == o.ReadKey.Reveal() {
			return err
		}
	}
	sealed, err := d.Vault.Seal(tx, readCell(p), []byte(o.ReadKey.Reveal()))
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE projections SET read_key_sealed = ? WHERE id = ? AND external_id = ?`, sealed, p.ID, o.ID).Error
}

// stock has channels made ahead, as many as the connector's settings say.
func (d *Desk) stock(ctx context.Context, a *account) error {
	want, _ := strconv.Atoi(a.access.Settings["pool"])
	var have int64
	if err := d.db(ctx).Model(&Projection{}).Where("connector_id = ? AND state = ?", a.ID, Spare).Count(&have).Error; err != nil {
		return err
	}
	now := iam.Micros(d.Now())
	for n := int(have); n < want; n++ {
		id := iam.NewID()
		p := Projection{ID: id, Op: "spare " + id, Connector: a.ID, Tenant: a.Tenant, Org: a.Org, State: Spare, Name: "Spare of Halfkey", Fields: "[]",
			Pending: toCreate, Due: now, Seen: "{}", CreatedAt: now}
		if err := d.db(ctx).Create(&p).Error; err != nil {
			return fmt.Errorf("make a channel ahead: %w", err)
		}
	}
	return nil
}

package connectors

import (
	"context"
	"errors"
	"strings"
	"time"

	"halfkey/iam"
)

// inventory is what a service showed.
type inventory struct {
	at     time.Time
	byID   map[string]Outer
	marked map[string][]Outer // by marker
}

// listLife is how long a list is good enough to make what nobody has asked for yet.
const listLife = 10 * time.Second

// inventory is the last list, if nothing has to be looked for in it and it is not
// old, else a new one.
func (d *Desk) inventory(ctx context.Context, a *account, sweep bool) (*inventory, error) {
	d.mu.Lock()
	last := d.lists[a.ID]
	d.mu.Unlock()
	if !sweep && a.Fails == 0 && a.Trouble == "" && last != nil && d.Now().Sub(last.at) < listLife {
		var looked int64
		err := d.db(ctx).Model(&Projection{}).Where("connector_id = ? AND pending IN (?, ?, ?) AND due_at <= ?", a.ID, toLook, toLook2, toClose, iam.Micros(d.Now())).Count(&looked).Error
		if err != nil || looked == 0 {
			return last, err
		}
	}
	seek := d.list
	if sweep {
		seek = d.survey
	}
	there, err := seek(ctx, a)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lists == nil {
		d.lists = map[ID]*inventory{}
	}
	for other, old := range d.lists {
		if d.Now().Sub(old.at) >= listLife {
			delete(d.lists, other)
		}
	}
	d.lists[a.ID] = there
	return there, nil
}

func (d *Desk) list(ctx context.Context, a *account) (*inventory, error) {
	ctx, cancel := d.patient(ctx)
	defer cancel()
	there := inventory{at: d.Now(), byID: map[string]Outer{}, marked: map[string][]Outer{}}
	all, err := a.service.List(ctx, a.access)
	for _, o := range all {
		there.byID[o.ID] = o
		if o.Marker != "" {
			there.marked[o.Marker] = append(there.marked[o.Marker], o)
		}
	}
	return &there, err
}

// survey is a list with all that comparing needs: a Boarder is asked about each
// agent of ours.
func (d *Desk) survey(ctx context.Context, a *account) (*inventory, error) {
	there, err := d.list(ctx, a)
	if err != nil {
		return nil, err
	}
	for marker, found := range there.marked {
		if !strings.HasPrefix(marker, string(a.ID)+".") {
			continue
		}
		for i, o := range found {
			if o, err = d.whole(ctx, a, o); errors.Is(err, ErrNotThere) {
				continue // it went meanwhile, which the next look sees
			} else if err != nil {
				return nil, err
			}
			found[i], there.byID[o.ID] = o, o
		}
	}
	return there, nil
}

// whole is a channel with its key, where the list leaves that out.
func (d *Desk) whole(ctx context.Context, a *account, o Outer) (Outer, error) {
	service, boards := a.service.(Boarder)
	if !boards || o.WriteKey != "" {
		return o, nil
	}
	ctx, cancel := d.patient(ctx)
	defer cancel()
	full, err := service.Boarding(ctx, a.access, o.ID)
	full.Marker = o.Marker
	return full, err
}

func (i *inventory) put(o Outer, marker string) {
	i.byID[o.ID] = o
	i.marked[marker] = []Outer{o}
}

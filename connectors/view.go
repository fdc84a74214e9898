package connectors

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// Status is one connector with how it fares.
func (d *Desk) Status(ctx context.Context, id ID) (Status, error) {
	a, err := d.take(ctx, id, policies.ReadConnector)
	if err != nil {
		return Status{}, err
	}
	return d.status(ctx, &a)
}

// Connectors are those that serve an organisation: its own and those of the
// places above it, as far as the caller may see them, nearest first.
func (d *Desk) Connectors(ctx context.Context, org iam.OrgID) (list []Status, err error) {
	if err := d.Decider.Require(ctx, policies.ReadConnector, org); err != nil {
		return nil, err
	}
	var ids []ID
	if err := d.db(ctx).Raw(`SELECT c.id FROM org_closure o JOIN connectors c ON c.org_id = o.ancestor WHERE o.descendant = ? AND c.state <> ? ORDER BY o.depth, c.created_at DESC, c.id DESC`,
		org, removed).Scan(&ids).Error; err != nil {
		return nil, fmt.Errorf("list connectors: %w", err)
	}
	for _, id := range ids {
		a, err := d.take(ctx, id, policies.ReadConnector)
		if errors.Is(err, ErrUnknown) || errors.Is(err, policies.ErrRefused) {
			continue // he sees the place and not what stands above it
		}
		if err != nil {
			return nil, err
		}
		s, err := d.status(ctx, &a)
		if err != nil {
			return nil, err
		}
		s.Inherited = s.Org != org
		list = append(list, s)
	}
	return list, nil
}

func (d *Desk) status(ctx context.Context, a *account) (Status, error) {
	s := Status{Connector: a.Connector, Settings: a.access.Settings, Trouble: a.Trouble, Since: iam.TimeOrZero(a.TroubleAt), Channels: -1, Left: -1, Swept: iam.TimeOrZero(a.ListedAt)}
	if a.RetryAt > iam.Micros(d.Now()) {
		s.Retry = iam.Time(a.RetryAt)
	}
	if a.Listed != nil {
		s.Channels = int(*a.Listed)
		s.Left = left(a.limit(), s.Channels)
	}
	var counts []struct {
		State   string
		Pending bool
		N       int
	}
	err := d.db(ctx).Raw(`SELECT state, pending <> '' AS pending, COUNT(*) AS n FROM projections WHERE connector_id = ? GROUP BY state, pending <> ''`, a.ID).Scan(&counts).Error
	if err != nil {
		return s, fmt.Errorf("count channels of connector %s: %w", a.ID, err)
	}
	for _, c := range counts {
		if c.Pending {
			s.Waiting += c.N
		}
		switch c.State {
		case Ready, Held:
			s.Ready += c.N
		case Spare:
			s.Spare += c.N
		case Lost:
			s.Lost += c.N
		}
	}
	return s, nil
}

// Projections are a connector's channels, oldest first, after the one with the
// given id (empty: from the first), at most n.
func (d *Desk) Projections(ctx context.Context, id ID, after string, n int) (list []View, err error) {
	if _, err := d.take(ctx, id, policies.ReadConnector); err != nil {
		return nil, err
	}
	var rows []Projection
	if err := d.db(ctx).Where("connector_id = ? AND id > ?", id, after).Order("id").Limit(n).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list channels of connector %s: %w", id, err)
	}
	for _, p := range rows {
		list = append(list, viewOf(p))
	}
	return list, nil
}

// Projection is one channel outside, by the name that a device's row has for it.
// The caller has judged that he may see the device. It fails with ErrChannel.
func (d *Desk) Projection(ctx context.Context, channel string) (View, error) {
	p, err := find(ctx, d.DB, channel)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return View{}, ErrChannel
	}
	if err != nil {
		return View{}, fmt.Errorf("find channel %s: %w", channel, err)
	}
	return viewOf(p), nil
}

// Compare tells what is other than it should be, and changes nothing.
func (d *Desk) Compare(ctx context.Context, id ID) ([]Difference, error) {
	a, err := d.take(ctx, id, policies.TestConnector)
	if err != nil {
		return nil, err
	}
	if a.service == nil {
		return nil, ErrOwn
	}
	ctx, keep := d.Counted(ctx, a.ID)
	defer keep()
	there, err := d.survey(ctx, &a)
	if err != nil {
		return nil, noAnswer(err)
	}
	_, all, err := d.differences(ctx, &a, there)
	return all, err
}

// Apply does away with those differences of a new comparison that are among the
// chosen, and tells which. What is no longer so is left alone.
func (d *Desk) Apply(ctx context.Context, id ID, chosen []Difference) (done []Difference, err error) {
	a, err := d.take(ctx, id, policies.ManageConnector)
	if err != nil {
		return nil, err
	}
	if a.service == nil {
		return nil, ErrOwn
	}
	ctx, keep := d.Counted(ctx, a.ID)
	defer keep()
	mine, err := d.lease(ctx, &a)
	if err != nil {
		return nil, err
	}
	if !mine {
		return nil, ErrTestSilent
	}
	defer func() {
		if failed := d.release(ctx, &a); err == nil {
			err = failed
		}
		d.Wake()
	}()
	there, err := d.survey(ctx, &a)
	if err != nil {
		return nil, noAnswer(err)
	}
	_, all, err := d.differences(ctx, &a, there)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if !x.among(chosen) {
			continue
		}
		if err := d.mend(ctx, &a, there, x); err != nil {
			return done, ErrTestSilent.Because(err)
		}
		done = append(done, x)
	}
	return done, d.record(ctx, &a, len(done))
}

func (x Difference) among(chosen []Difference) bool {
	for _, c := range chosen {
		if c.Kind == x.Kind && c.Projection == x.Projection && c.External == x.External {
			return true
		}
	}
	return false
}

func (d *Desk) record(ctx context.Context, a *account, n int) error {
	return d.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := compareSoon(tx, a.ID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "connector.reconcile", a.object(), audit.Detail{"differences": n})
	})
}

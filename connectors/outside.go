package connectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// Outside is the Provider of a service outside. It only writes down what is
// wanted; the Desk, beside the request, has it done. So a channel has no key at
// first, unless one was made ahead.
type Outside struct {
	Service Service
	Vault   *vault.Vault
	Keeps   Copies // of what the channels hold; nil: there are none
	Now     func() time.Time
	Wake    func() // tells the desk that there is something to do, once the transaction is over
}

var _ Provider = (*Outside)(nil)

// Name implements Provider.
func (o *Outside) Name() string { return o.Service.Name() }

// Capabilities implements Provider.
func (o *Outside) Capabilities() Capabilities { return o.Service.Capabilities() }

// takeSpare gives a channel that was made ahead to a wish.
var takeSpare = func() migrations.Statement {
	const take = `UPDATE projections SET op = ?, org_id = ?, name = ?, fields = ?, state = 'ready', pending = 'settings', tries = 0, due_at = ?
WHERE id = (SELECT id FROM projections WHERE connector_id = ? AND tenant_id = ? AND state = 'spare' AND external_id IS NOT NULL ORDER BY created_at LIMIT 1 %s) RETURNING id`
	return migrations.Dialects(fmt.Sprintf(take, ""), fmt.Sprintf(take, "FOR UPDATE SKIP LOCKED"))
}()

// Create implements Provider.
func (o *Outside) Create(ctx context.Context, tx *gorm.DB, w Wanted) (Channel, error) {
	tx = tx.WithContext(ctx)
	var old Projection
	switch err := tx.Where("op = ?", w.Op).Take(&old).Error; {
	case err == nil && old.Tenant != w.Tenant:
		return Channel{}, ErrChannel
	case err == nil:
		return o.channel(tx, old)
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return Channel{}, fmt.Errorf("want a channel: %w", err)
	}
	now := iam.Micros(o.Now())
	fields := asJSON(w.Fields)
	var taken []string
	pool, text := takeSpare.On(tx)
	rows, err := pool.QueryContext(ctx, text, w.Op, string(w.Org), w.Name, fields, now, string(w.By), string(w.Tenant))
	if err != nil {
		return Channel{}, fmt.Errorf("take a channel made ahead: %w", err)
	}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return Channel{}, errors.Join(err, rows.Close())
		}
		taken = append(taken, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return Channel{}, fmt.Errorf("take a channel made ahead: %w", err)
	}
	defer o.Wake()
	if len(taken) > 0 {
		return o.Keys(ctx, tx, w.Tenant, taken[0])
	}
	p := Projection{ID: iam.NewID(), Op: w.Op, Connector: w.By, Tenant: w.Tenant, Org: w.Org, State: Creating, Name: w.Name, Fields: fields,
		Pending: toCreate, Due: now, Seen: "{}", CreatedAt: now}
	if err := tx.Create(&p).Error; err != nil {
		return Channel{}, fmt.Errorf("want a channel: %w", err)
	}
	return Channel{ID: p.ID, Pending: true}, nil
}

// Keys implements Provider.
func (o *Outside) Keys(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, id string) (Channel, error) {
	p, err := find(ctx, tx, id)
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && p.Tenant != tenant {
		return Channel{}, ErrChannel
	}
	if err != nil {
		return Channel{}, fmt.Errorf("find channel %s: %w", id, err)
	}
	return o.channel(tx.WithContext(ctx), p)
}

func (o *Outside) channel(tx *gorm.DB, p Projection) (Channel, error) {
	c := Channel{ID: p.ID, Pending: p.State == Creating, Lost: p.State == Lost}
	if p.State != Ready {
		return c, nil
	}
	var raw string
	if err := tx.Raw(`SELECT settings FROM connectors WHERE id = ?`, p.Connector).Scan(&raw).Error; err != nil {
		return c, fmt.Errorf("settings of connector %s: %w", p.Connector, err)
	}
	var settings Settings
	if err := json.Unmarshal([]byte(raw), &settings); err != nil {
		return c, fmt.Errorf("settings of connector %s: %w", p.Connector, err)
	}
	key, err := o.Vault.Open(tx, writeCell(&p), p.WriteSealed)
	if err != nil {
		return c, fmt.Errorf("open the key of channel %s: %w", p.ID, err)
	}
	c.WriteKey, c.Outside, c.UpdateURL = vault.Secret(key), *p.External, o.Service.UpdateURL(settings)
	return c, nil
}

// ReadKey is the key with which the service lets others read a channel, the same
// for all of them; ErrReadKey where it has none. The caller has judged who may
// see it.
func (o *Outside) ReadKey(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, id string) (vault.Secret, error) {
	p, err := find(ctx, tx, id)
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound), err == nil && p.Tenant != tenant:
		return "", ErrChannel
	case err != nil:
		return "", fmt.Errorf("find channel %s: %w", id, err)
	case len(p.ReadSealed) == 0, p.State != Ready && p.State != Held:
		return "", ErrReadKey
	}
	key, err := o.Vault.Open(tx.WithContext(ctx), readCell(&p), p.ReadSealed)
	if err != nil {
		return "", fmt.Errorf("open the read key of channel %s: %w", id, err)
	}
	return vault.Secret(key), nil
}

// ErrReadKey says that a channel outside has no key for reading.
var ErrReadKey = fault.New(fault.Conflict, "read-key-outside", "The service that keeps this channel has no read key for it.")

// WriteKeyUsed implements Provider, as far as was seen.
func (o *Outside) WriteKeyUsed(ctx context.Context, tx *gorm.DB, id string) (bool, error) {
	p, err := find(ctx, tx, id)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, ErrChannel
	}
	return p.sight().Entries > 0 || p.ReadUpto > 0, err
}

// A ready channel whose settings differ is changed; one with something else to
// do is looked at when that is done.
const changed = `, pending = CASE WHEN state IN ('ready', 'held') AND pending = '' THEN 'settings' ELSE pending END,
tries = CASE WHEN pending = '' THEN 0 ELSE tries END, due_at = CASE WHEN pending = '' THEN ? ELSE due_at END WHERE id = ?`

// Rename implements Provider.
func (o *Outside) Rename(ctx context.Context, tx *gorm.DB, id, name string) error {
	if err := o.change(ctx, tx, `UPDATE projections SET name = ?`+changed, name, iam.Micros(o.Now()), id); err != nil || o.Keeps == nil {
		return err
	}
	return ifThere(o.Keeps.Rename(ctx, tx, id, name))
}

// Move implements Provider. Outside nothing changes; our copy moves.
func (o *Outside) Move(ctx context.Context, tx *gorm.DB, id string, to iam.OrgID) error {
	if err := o.change(ctx, tx, `UPDATE projections SET org_id = ? WHERE id = ?`, to, id); err != nil || o.Keeps == nil {
		return err
	}
	return ifThere(o.Keeps.Move(ctx, tx, id, to))
}

// ifThere lets go of a copy that was never made.
func ifThere(err error) error {
	if errors.Is(err, ErrChannel) {
		return nil
	}
	return err
}

// Hold implements Provider: the key is handed out no more.
func (o *Outside) Hold(ctx context.Context, tx *gorm.DB, id string) error {
	return o.change(ctx, tx, `UPDATE projections SET state = CASE WHEN state = 'ready' THEN 'held' ELSE state END WHERE id = ?`, id)
}

// Release implements Provider.
func (o *Outside) Release(ctx context.Context, tx *gorm.DB, id string) error {
	return o.change(ctx, tx, `UPDATE projections SET state = CASE WHEN state = 'held' THEN 'ready' ELSE state END WHERE id = ?`, id)
}

// Close implements Provider. A channel that was never asked for is closed with
// that; of another the desk sees to it that an empty one goes and one with values
// stays.
func (o *Outside) Close(ctx context.Context, tx *gorm.DB, id string) error {
	return o.change(ctx, tx, `UPDATE projections SET
state = CASE WHEN state = 'closed' OR pending = 'create' AND external_id IS NULL THEN 'closed' ELSE 'closing' END,
pending = CASE WHEN state = 'closed' OR pending = 'create' AND external_id IS NULL THEN '' ELSE 'close' END, tries = 0, due_at = ? WHERE id = ?`, iam.Micros(o.Now()), id)
}

func (o *Outside) change(ctx context.Context, tx *gorm.DB, st string, args ...any) error {
	res := tx.WithContext(ctx).Exec(st, args...)
	if res.Error != nil {
		return fmt.Errorf("change a channel outside: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrChannel
	}
	o.Wake()
	return nil
}

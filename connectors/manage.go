package connectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/policies"
)

// A Draft is a connector as a person wants it.
type Draft struct {
	Service  string
	Name     string
	Settings Settings
	Secret   vault.Secret // empty when it is changed: the old one stays
}

// A Report is what a test of a connection came to.
type Report struct {
	Channels int // that the account has
	Left     int // that it may have beside those; -1: as many as it likes
}

// A Status is a connector for a page. Its secret is not in it.
type Status struct {
	Connector
	Settings  Settings
	Trouble   string // why it does not work: account, pace, unsure, quota, missing; empty if it does
	Since     time.Time
	Retry     time.Time // when it is tried again; zero: at once
	Channels  int       // that the account had, when last listed; -1: never
	Left      int       // as in Report
	Swept     time.Time
	Waiting   int // channels that are not yet as they should be
	Ready     int
	Spare     int
	Lost      int
	Inherited bool // it stands above the place that was asked for
}

// What can go wrong with a connector besides its service's own ErrSettings.
var (
	ErrService    = fault.New(fault.Unprocessable, "connector-service", "There is no such kind of connector.")
	ErrSecret     = fault.New(fault.Unprocessable, "connector-secret", "The account's key is missing.")
	ErrTestKey    = fault.New(fault.Unprocessable, "connector-key-refused", "The service refuses this account key.")
	ErrTestSilent = fault.New(fault.Unavailable, "connector-silent", "The service does not answer as it should. You can save the connection and it is tried again later.").Retry(10 * time.Second)
	ErrOwn        = fault.New(fault.Conflict, "connector-own", "These channels are kept here: there is nothing outside to connect to.")
	ErrInUse      = fault.New(fault.Conflict, "connector-in-use", "Devices still have channels through this connector.")
)

// Test makes the first call of a connection that may not be saved yet.
func (d *Desk) Test(ctx context.Context, org iam.OrgID, w Draft) (Report, error) {
	if err := d.Decider.Require(ctx, policies.TestConnector, org); err != nil {
		return Report{}, err
	}
	return d.Try(ctx, w)
}

func (d *Desk) test(ctx context.Context, a *account) (Report, error) {
	there, err := d.list(ctx, a)
	if err != nil {
		return Report{}, noAnswer(err)
	}
	return Report{len(there.byID), left(a.limit(), len(there.byID))}, nil
}

// noAnswer is what a person hears of a list that did not come.
func noAnswer(err error) error {
	if errors.Is(err, ErrAccount) {
		return ErrTestKey
	}
	return ErrTestSilent.Because(err)
}

// Check tests a connector as it stands. When it works, what waited for that goes
// on; when its key is refused, nothing is asked until somebody gives it another.
func (d *Desk) Check(ctx context.Context, id ID) (Report, error) {
	a, err := d.take(ctx, id, policies.TestConnector)
	if err != nil {
		return Report{}, err
	}
	if a.service == nil {
		return Report{}, ErrOwn
	}
	ctx, keep := d.Counted(ctx, a.ID)
	defer keep()
	r, err := d.test(ctx, &a)
	if errors.Is(err, ErrTestKey) {
		return r, errors.Join(err, d.trouble(ctx, &a, ErrAccount))
	}
	if err != nil {
		return r, err
	}
	if err := d.well(ctx, &a, r.Channels); err != nil {
		return r, err
	}
	d.Wake()
	return r, nil
}

func left(limit, have int) int {
	if limit == 0 {
		return -1
	}
	return max(limit-have, 0)
}

func (d *Desk) judge(w Draft) (Service, Settings, error) {
	service := d.Services[w.Service]
	if service == nil {
		return nil, nil, ErrService
	}
	set, err := service.Ready(w.Settings)
	return service, set, err
}

// Open puts a connection to work for an organisation and everything below it.
// From then on new devices have their channels there; those that have one keep it.
func (d *Desk) Open(ctx context.Context, tenant, org iam.OrgID, w Draft) (ID, error) {
	if err := d.Decider.Require(ctx, policies.MakeConnector, org); err != nil {
		return "", err
	}
	var id ID
	err := d.db(ctx).Transaction(func(tx *gorm.DB) (err error) {
		id, err = d.Install(ctx, tx, tenant, org, w)
		return err
	})
	if err != nil {
		return "", err
	}
	d.Wake()
	return id, nil
}

// Change gives a connector other settings and, if there is one, another secret,
// which has to work: an old one is not given up for a new one that is refused.
func (d *Desk) Change(ctx context.Context, id ID, w Draft) error {
	a, err := d.take(ctx, id, policies.ManageConnector)
	if err != nil {
		return err
	}
	if a.service == nil {
		return ErrOwn
	}
	w.Service = a.Provider
	if a.service, a.access.Settings, err = d.judge(w); err != nil {
		return err
	}
	if w.Name, err = iam.ParseName(w.Name); err != nil {
		return err
	}
	if w.Secret != "" {
		a.access.Secret = w.Secret
		counted, keep := d.Counted(ctx, id)
		_, err := d.test(counted, &a)
		if keep(); err != nil {
			return err
		}
	}
	err = d.db(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(`UPDATE connectors SET name = ?, trouble = '', trouble_at = NULL, fails = 0, retry_at = 0, listed_at = NULL WHERE id = ?`, w.Name, id).Error; err != nil {
			return err
		}
		if err := d.keep(tx, a.Connector, a.access.Settings, w.Secret); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "connector.change", a.object(), audit.Detail{"name": w.Name, "secret": w.Secret != ""})
	})
	if err != nil {
		return fmt.Errorf("change connector %s: %w", id, err)
	}
	d.Wake()
	return nil
}

func (d *Desk) keep(tx *gorm.DB, c Connector, set Settings, secret vault.Secret) error {
	if err := tx.Exec(`UPDATE connectors SET settings = ? WHERE id = ?`, asJSON(set), c.ID).Error; err != nil || secret == "" {
		return err
	}
	sealed, err := d.Vault.Seal(tx, secretCell(c.Tenant, c.ID), []byte(secret.Reveal()))
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE connectors SET secrets_sealed = ? WHERE id = ?`, sealed, c.ID).Error
}

// Pause leaves the service alone until Resume: wishes are taken and wait.
func (d *Desk) Pause(ctx context.Context, id ID) error {
	return d.turn(ctx, id, "connector.pause", paused, active)
}

// Resume goes on with what waits.
func (d *Desk) Resume(ctx context.Context, id ID) error {
	err := d.turn(ctx, id, "connector.resume", active, paused)
	if err == nil {
		d.Wake()
	}
	return err
}

// Remove ends a connector that no device has a channel through.
func (d *Desk) Remove(ctx context.Context, id ID) error {
	if _, err := d.take(ctx, id, policies.ManageConnector); err != nil {
		return err
	}
	var n int64
	if err := d.db(ctx).Model(&Projection{}).Where("connector_id = ? AND state NOT IN (?, ?)", id, Spare, Closed).Count(&n).Error; err != nil {
		return fmt.Errorf("remove connector %s: %w", id, err)
	}
	if n > 0 {
		return ErrInUse
	}
	return d.turn(ctx, id, "connector.remove", removed, active, paused)
}

func (d *Desk) turn(ctx context.Context, id ID, verb, to string, from ...string) error {
	a, err := d.take(ctx, id, policies.ManageConnector)
	if err != nil {
		return err
	}
	if a.service == nil {
		return ErrOwn
	}
	err = d.db(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec(`UPDATE connectors SET state = ?, turned_at = ? WHERE id = ? AND state IN ?`, to, iam.Micros(d.Now()), id, from)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return audit.Record(ctx, tx, verb, a.object(), nil)
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, id, err)
	}
	return nil
}

// take finds a connector for somebody who wants act done with it. One of our own
// store has no service and is taken all the same.
func (d *Desk) take(ctx context.Context, id ID, act policies.Action) (a account, err error) {
	err = d.db(ctx).Raw(`SELECT * FROM connectors WHERE id = ? AND state <> ?`, id, removed).Take(&a).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return a, ErrUnknown
	}
	if err != nil {
		return a, fmt.Errorf("find connector %s: %w", id, err)
	}
	switch err := d.Decider.Require(ctx, act, a.Org); {
	case errors.Is(err, policies.ErrHidden):
		return a, ErrUnknown
	case err != nil:
		return a, err
	}
	if d.Services[a.Provider] == nil || len(a.Secrets) == 0 {
		_ = json.Unmarshal([]byte(a.Settings), &a.access.Settings)
		return a, nil
	}
	return a, d.open(ctx, &a)
}

// ErrUnknown is also what those hear who may not know of the connector.
var ErrUnknown = fault.New(fault.NotFound, "connector-unknown", "There is no such connector.")

func (c Connector) object() audit.Object {
	return audit.Object{Tenant: string(c.Tenant), Org: string(c.Org), Type: "connector", ID: string(c.ID)}
}

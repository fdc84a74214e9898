package devices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/orgs"
	"halfkey/policies"
)

// offerLife is how long the other side can take a device over.
const offerLife = 14 * 24 * time.Hour

// What stands against a sale.
var (
	ErrTransferUnknown = fault.New(fault.NotFound, "transfer-unknown", "There is no such offer, or it is over.")
	ErrTransferVoid    = fault.New(fault.Gone, "transfer-void", "Whoever offered this device may no longer do so.")
	ErrOffered         = fault.New(fault.Conflict, "transfer-offered", "This device is offered to somebody already. Take that back first.")
	ErrOwn             = fault.New(fault.Unprocessable, "transfer-own", "It belongs there already. Move it instead.")
	ErrAgentSold       = fault.New(fault.Conflict, "transfer-agent", "An agent is not handed over with its credentials. Offboard it, and let its new owner make another.")
	ErrSerialThere     = fault.New(fault.Conflict, "transfer-serial-there", "You have a device with this serial number already.")
)

// A Transfer is a device on offer to another tenant.
type Transfer struct {
	ID         iam.TransferID
	Device     iam.DeviceID
	Name       string
	Serial     string
	Tenant     iam.OrgID // whose it is
	TenantName string
	To         iam.OrgID
	ToName     string
	By         iam.UserID
	ByName     string
	Reason     string
	OfferedAt  time.Time
	ExpiresAt  time.Time
}

type transferRow struct {
	ID         string  `gorm:"column:id;primaryKey"`
	DeviceID   string  `gorm:"column:device_id"`
	TenantID   string  `gorm:"column:tenant_id"`
	OrgID      string  `gorm:"column:org_id"`
	ToTenantID string  `gorm:"column:to_tenant_id"`
	State      string  `gorm:"column:state"`
	Reason     string  `gorm:"column:reason"`
	OfferedBy  string  `gorm:"column:offered_by"`
	OfferedAt  int64   `gorm:"column:offered_at"`
	ExpiresAt  int64   `gorm:"column:expires_at"`
	DecidedBy  *string `gorm:"column:decided_by"`
	DecidedAt  *int64  `gorm:"column:decided_at"`
	BecameID   *string `gorm:"column:became_id"`
}

func (transferRow) TableName() string { return "transfers" }

// OfferTransfer offers a device to another tenant, by its slug or id, which has
// fourteen days to take it over. Rehearsed, it tells what taking over will change.
// Field name: to.
func (s *Service) OfferTransfer(ctx context.Context, id iam.DeviceID, to string, w orgs.With) (iam.TransferID, error) {
	d, err := s.find(ctx, id, policies.TransferDevice)
	if err != nil {
		return "", err
	}
	switch {
	case d.RemovedAt != nil:
		return "", ErrRetired
	case d.Door == Agent:
		return "", ErrAgentSold
	case d.Door == Manual:
		return "", ErrManualSold
	}
	tenant, err := s.Orgs.TenantNamed(ctx, to)
	if err == nil && tenant.ID == d.Tenant {
		err = ErrOwn
	}
	if err != nil {
		return "", iam.Wrong("to", err)
	}
	if orgs.Rehearsing(ctx) != nil {
		_, err := s.sell(ctx, d, transferRow{DeviceID: string(d.ID), ToTenantID: string(tenant.ID)}, tenant.ID, "")
		return "", err
	}
	now := s.Now()
	row := transferRow{ID: iam.NewID(), DeviceID: string(d.ID), TenantID: string(d.Tenant), OrgID: string(d.Org), ToTenantID: string(tenant.ID), State: "offered",
		Reason: w.Reason, OfferedBy: audit.ActorFrom(ctx).ID, OfferedAt: iam.Micros(now), ExpiresAt: iam.Micros(now.Add(offerLife))}
	err = s.change(ctx, "device.offer", d, audit.Detail{"to": string(tenant.ID), "name": tenant.Name, "transfer": row.ID, "reason": w.Reason}, func(tx *gorm.DB) (bool, error) {
		// An offer that nobody took up in time makes room.
		if err := tx.Exec("UPDATE transfers SET state = 'expired' WHERE device_id = ? AND state = 'offered' AND expires_at <= ?", row.DeviceID, row.OfferedAt).Error; err != nil {
			return false, err
		}
		err := tx.Create(&row).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			err = ErrOffered
		}
		return true, err
	})
	if err != nil {
		return "", err
	}
	s.publish(live.Device, tenant.ID, tenant.ID, row.ID)
	return iam.TransferID(row.ID), nil
}

// CancelTransfer takes an offer back.
func (s *Service) CancelTransfer(ctx context.Context, id iam.TransferID) error {
	t, d, err := s.onOffer(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Decider.RequireDevice(ctx, policies.TransferDevice, d.Org, d.ID); err != nil {
		return ErrTransferUnknown
	}
	return s.answerOffer(ctx, t, d, "cancelled", "device.offer.cancel")
}

// DeclineTransfer sends an offer back. It takes an owner of the tenant that it
// was made to.
func (s *Service) DeclineTransfer(ctx context.Context, id iam.TransferID) error {
	t, d, err := s.onOffer(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Decider.Require(ctx, policies.TransferDevice, iam.OrgID(t.ToTenantID)); err != nil {
		return ErrTransferUnknown
	}
	return s.answerOffer(ctx, t, d, "declined", "device.offer.decline")
}

func (s *Service) answerOffer(ctx context.Context, t transferRow, d Device, state, verb string) error {
	err := s.change(ctx, verb, d, audit.Detail{"transfer": t.ID}, func(tx *gorm.DB) (bool, error) { return true, s.close(ctx, tx, t, state, nil) })
	if err == nil {
		s.publish(live.Device, iam.OrgID(t.ToTenantID), iam.OrgID(t.ToTenantID), t.ID)
	}
	return err
}

// close answers an open offer; the first answer counts.
func (s *Service) close(ctx context.Context, tx *gorm.DB, t transferRow, state string, became *iam.DeviceID) error {
	res := tx.Exec("UPDATE transfers SET state = ?, decided_by = ?, decided_at = ?, became_id = ? WHERE id = ? AND state = 'offered'",
		state, audit.ActorFrom(ctx).ID, s.micros(), (*string)(became), t.ID)
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrTransferUnknown
	}
	return res.Error
}

// onOffer finds an offer that is open, and its device.
func (s *Service) onOffer(ctx context.Context, id iam.TransferID) (t transferRow, d Device, err error) {
	q := s.DB.WithContext(ctx)
	err = q.Where("id = ? AND state = 'offered' AND expires_at > ?", string(id), s.micros()).Take(&t).Error
	if err == nil {
		err = q.Where("id = ? AND removed_at IS NULL", t.DeviceID).Take(&d).Error
	}
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return t, d, ErrTransferUnknown
	}
	if err != nil {
		return t, d, fmt.Errorf("find an offer: %w", err)
	}
	return t, d, nil
}

const selectTransfers = `SELECT t.id, t.device_id AS device, d.name, d.serial, t.tenant_id AS tenant, o.name AS tenant_name, t.to_tenant_id AS "to", w.name AS to_name,
 t.offered_by AS "by", u.name AS by_name, t.reason, t.offered_at, t.expires_at
FROM transfers t JOIN devices d ON d.id = t.device_id JOIN orgs o ON o.id = t.tenant_id JOIN orgs w ON w.id = t.to_tenant_id JOIN users u ON u.id = t.offered_by
WHERE t.state = 'offered' AND t.expires_at > ? AND d.removed_at IS NULL`

// Transfers lists the open offers to the tenants that the person who acts in ctx
// owns, and those of devices that he may hand over himself, the newest first.
func (s *Service) Transfers(ctx context.Context) (in, out []Transfer, err error) {
	scope, err := s.Decider.Scope(ctx, policies.TransferDevice)
	if err != nil || scope.Empty() {
		return nil, nil, err
	}
	if in, err = s.transfers(ctx, scope, "t.to_tenant_id", "t.to_tenant_id"); err != nil {
		return nil, nil, err
	}
	out, err = s.transfers(ctx, scope, "d.org_id", "d.tenant_id")
	return in, out, err
}

func (s *Service) transfers(ctx context.Context, scope policies.Scope, org, tenant string) (all []Transfer, err error) {
	query, args := selectTransfers, []any{s.micros()}
	if where, more := scope.SQL(org, tenant); where != "" {
		query, args = query+" AND "+where, append(args, more...)
	}
	rows, err := s.DB.WithContext(ctx).Raw(query+" ORDER BY t.offered_at DESC, t.id DESC LIMIT 200", args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("list offers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t Transfer
		var offered, expires int64
		if err := rows.Scan(&t.ID, &t.Device, &t.Name, &t.Serial, &t.Tenant, &t.TenantName, &t.To, &t.ToName, &t.By, &t.ByName, &t.Reason, &offered, &expires); err != nil {
			return nil, fmt.Errorf("list offers: %w", err)
		}
		t.OfferedAt, t.ExpiresAt = iam.Time(offered), iam.Time(expires)
		all = append(all, t)
	}
	return all, rows.Err()
}

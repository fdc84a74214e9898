package orgs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// serialsMost bounds one listing.
const serialsMost = 10_000

// ErrSerials says that a list has too many serials at once.
var ErrSerials = ErrSerial.At("serials", "at most 10,000 at once")

type serialRow struct {
	KeyID    string `gorm:"column:key_id;primaryKey"`
	Serial   string `gorm:"column:serial;primaryKey"`
	ListedAt int64  `gorm:"column:listed_at"`
	ListedBy string `gorm:"column:listed_by"`
}

func (serialRow) TableName() string { return "listed_serials" }

// ListSerials lists serials on a key. Listing one again renews it: after a
// device was removed, that is the owner's word that it may come back. Field
// name: serials, with the line's number.
func (s *Service) ListSerials(ctx context.Context, id iam.KeyID, serials []string) error {
	row, err := s.keyFor(ctx, id, policies.ManageRegistrationKey)
	if err != nil {
		return err
	}
	if len(serials) > serialsMost {
		return ErrSerials
	}
	k, now, by := row.key(), iam.Micros(s.Now()), string(asking(ctx))
	var rows []serialRow
	seen := map[string]bool{}
	for n, serial := range serials {
		if !isSerial(serial) {
			return iam.ErrForm.At("serials", "line "+strconv.Itoa(n+1)+": "+ErrSerial.Sentence)
		}
		if !seen[serial] {
			seen[serial] = true
			rows = append(rows, serialRow{string(id), serial, now, by})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "key_id"}, {Name: "serial"}},
			DoUpdates: clause.AssignmentColumns([]string{"listed_at", "listed_by"}),
		}).CreateInBatches(rows, 200).Error
		if err != nil {
			return err
		}
		return s.recordKey(ctx, tx, "key.list-serials", k, audit.Detail{"count": len(rows)})
	})
	if err != nil {
		return fmt.Errorf("list serials on %s: %w", id, err)
	}
	s.tell(live.Key, k.Tenant, k.Org, string(id))
	return nil
}

// Serials gives the serials listed on a key, in their order.
func (s *Service) Serials(ctx context.Context, id iam.KeyID) (serials []string, err error) {
	if _, err := s.keyFor(ctx, id, policies.SeeRegistrationKey); err != nil {
		return nil, err
	}
	err = s.DB.WithContext(ctx).Model(&serialRow{}).Where("key_id = ?", string(id)).Order("serial").Limit(serialsMost).Pluck("serial", &serials).Error
	if err != nil {
		return nil, fmt.Errorf("read the serials of %s: %w", id, err)
	}
	return serials, nil
}

// ListedAt tells when a serial was last listed on a key; zero when it is not.
// It asks nobody for permission.
func (s *Service) ListedAt(q *gorm.DB, id iam.KeyID, serial string) (time.Time, error) {
	var row serialRow
	err := q.Where("key_id = ? AND serial = ?", string(id), serial).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a listed serial: %w", err)
	}
	return iam.Time(row.ListedAt), nil
}

func isSerial(s string) bool {
	if len(s) < 1 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case i > 0 && (c == '.' || c == '_' || c == ':' || c == '-'):
		default:
			return false
		}
	}
	return true
}

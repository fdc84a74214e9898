package audit

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// historyMost bounds how many deeds of one verb are undone in thought.
const historyMost = 100_000

// Since lists the deeds of a verb that were done after t, oldest first, for who
// wants to know how things stood at t; object may be empty.
func Since(ctx context.Context, db *gorm.DB, tenant, verb, object string, t time.Time) (all []Entry, err error) {
	s := search{Filter: Filter{Tenant: tenant, From: t}, db: db.WithContext(ctx)}
	if err := s.bound(); err != nil {
		return nil, fmt.Errorf("read what came after: %w", err)
	}
	q := s.db.Table("audit").Where("tenant_id = ? AND verb = ? AND seq >= ? AND at > ? AND outcome = ?", tenant, verb, s.from, t.UnixMicro(), OK)
	if object != "" {
		q = q.Where("object_id = ?", object)
	}
	if err := q.Order("seq").Limit(historyMost).Find(&all).Error; err != nil {
		return nil, fmt.Errorf("read what came after: %w", err)
	}
	return all, nil
}

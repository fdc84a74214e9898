package notify

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/migrations"
)

// againMost is how many calls one deed has told again.
const againMost = 200

// Again puts in once more what a hook did not take, the oldest first and so many
// at once at most, as part of tx. It tells how many calls they are.
func (h *Hooks) Again(tx *gorm.DB, hook string) (n int, err error) {
	var calls []string
	if err := tx.Raw("SELECT id FROM webhook_calls WHERE webhook_id = ? AND state = ? ORDER BY created_at, id LIMIT ?", hook, callFailed, againMost).Scan(&calls).Error; err != nil {
		return 0, fmt.Errorf("find what a webhook did not take: %w", err)
	}
	for _, id := range calls {
		if err := tx.Exec("UPDATE webhook_calls SET state = ?, tries = 0 WHERE id = ?", waiting, id).Error; err != nil {
			return 0, fmt.Errorf("tell a webhook again: %w", err)
		}
		if err := migrations.Enqueue(tx, Hooking{Call: id}, nil); err != nil {
			return 0, err
		}
	}
	return len(calls), nil
}

// LetGo forgets what a hook did not take, as part of tx.
func (h *Hooks) LetGo(tx *gorm.DB, hook string) (n int, err error) {
	res := tx.Exec("DELETE FROM webhook_calls WHERE webhook_id = ? AND state = ?", hook, callFailed)
	if res.Error != nil {
		return 0, fmt.Errorf("forget what a webhook did not take: %w", res.Error)
	}
	return int(res.RowsAffected), nil
}

package policies

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// depthMost is how deep places lie in one another, the platform included.
const depthMost = 8

// ErrTooDeep says that a place would lie too deep.
var ErrTooDeep = fault.New(fault.Unprocessable, "org-too-deep", "Places can be nested eight deep and no deeper.")

// Place puts a new organisation below its parent, or on top where parent is "",
// in the transaction that makes it. It keeps the closure: who lies in whom.
func (d *Decider) Place(tx *gorm.DB, org, parent iam.OrgID) error {
	if err := d.versions.Bump(tx); err != nil {
		return err
	}
	if parent != "" {
		var depth int
		if err := tx.Raw("SELECT COUNT(*) FROM org_closure WHERE descendant = ?", string(parent)).Scan(&depth).Error; err != nil {
			return fmt.Errorf("place %s: %w", org, err)
		}
		if depth >= depthMost {
			return ErrTooDeep
		}
	}
	err := tx.Exec(`INSERT INTO org_closure (ancestor, descendant, depth)
SELECT ancestor, CAST(? AS TEXT), depth + 1 FROM org_closure WHERE descendant = ?
UNION ALL SELECT CAST(? AS TEXT), CAST(? AS TEXT), 0`, string(org), string(parent), string(org), string(org)).Error
	if err != nil {
		return fmt.Errorf("place %s: %w", org, err)
	}
	return nil
}

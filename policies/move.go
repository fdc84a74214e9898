package policies

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// What stands in the way of a place that is to lie elsewhere.
var (
	ErrCycle = fault.New(fault.Conflict, "org-cycle", "A place cannot lie in itself or in what lies below it.")
	ErrWall  = fault.New(fault.Refused, "org-other-tenant", "Places stay with whom they belong to; they move within one organisation only.")
)

// The way up of everything below a place is cut above the place, and grows anew
// from its new parent.
const (
	cutAbove = `DELETE FROM org_closure WHERE descendant IN (SELECT descendant FROM org_closure WHERE ancestor = ?)
AND ancestor IN (SELECT ancestor FROM org_closure WHERE descendant = ? AND depth > 0)`
	growAbove = `INSERT INTO org_closure (ancestor, descendant, depth)
SELECT p.ancestor, c.descendant, p.depth + c.depth + 1 FROM org_closure p, org_closure c WHERE p.descendant = ? AND c.ancestor = ?`
)

// MovePlace puts an organisation, with all that lies below it, below another
// parent of its tenant, in the caller's transaction, who keeps parent_id. It
// asks nobody. It fails with ErrHidden, ErrWall, ErrCycle or ErrTooDeep.
func (d *Decider) MovePlace(tx *gorm.DB, org, parent iam.OrgID) error {
	if err := d.versions.Bump(tx); err != nil { // first: of two moves that would make a ring the second sees the first
		return err
	}
	here, err := lineOf(tx, org)
	if err != nil {
		return err
	}
	there, err := lineOf(tx, parent)
	if err != nil {
		return err
	}
	switch {
	case len(here.places) == 0, len(there.places) == 0:
		return ErrHidden
	case here.tenant != there.tenant, here.tenant == org:
		return ErrWall
	case there.at(org) >= 0:
		return ErrCycle
	}
	var height int
	if err := tx.Raw("SELECT MAX(depth) FROM org_closure WHERE ancestor = ?", string(org)).Scan(&height).Error; err != nil {
		return fmt.Errorf("move %s: %w", org, err)
	}
	if len(there.places)+1+height > depthMost {
		return ErrTooDeep
	}
	if err := tx.Exec(cutAbove, string(org), string(org)).Error; err != nil {
		return fmt.Errorf("move %s: %w", org, err)
	}
	if err := tx.Exec(growAbove, string(parent), string(org)).Error; err != nil {
		return fmt.Errorf("move %s: %w", org, err)
	}
	return nil
}

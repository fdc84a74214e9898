package policies

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Gives is what a role of the catalogue allows; nothing for any other.
func (d *Decider) Gives(ctx context.Context, r Role) (Actions, error) {
	t, err := d.rulesIn(ctx)
	if err != nil {
		return 0, err
	}
	return t.may(bit(r)), nil
}

// Within reports whether whoever acts in ctx may do in org all that the role
// allows there: then whoever holds the role is not above him.
func (d *Decider) Within(ctx context.Context, r Role, org iam.OrgID) (bool, error) {
	who, ok := Asking(ctx)
	if !ok {
		return false, nil
	}
	t, err := d.rulesIn(ctx)
	if err != nil {
		return false, err
	}
	may, l, err := d.judge(ctx, who, ReadOrg, org, "")
	if err != nil {
		return false, err
	}
	gives, err := d.worth(d.db.WithContext(ctx), Assignment{Role: r}, l)
	if err != nil {
		return false, err
	}
	may = kept(ctx, may, l)
	if may.Has(AppointSupport) {
		may |= 1 << Impersonate // he names who may, and may not himself
	}
	return t.may(gives)&^may == 0, nil
}

// EndAll ends every role of a subject that is no more, in the caller's
// transaction. It judges nobody and looks for no last owner.
func (d *Decider) EndAll(ctx context.Context, tx *gorm.DB, kind SubjectType, subject, reason string) error {
	who, _ := Asking(ctx)
	err := errors.Join(d.versions.Bump(tx), tx.Model(&assignmentRow{}).
		Where("subject_type = ? AND subject_id = ? AND ended_at IS NULL", string(kind), subject).
		Updates(map[string]any{"status": "ended", "ended_at": iam.Micros(d.now()), "ended_by": string(who), "end_reason": reason}).Error)
	if err != nil {
		return fmt.Errorf("end the roles of %s: %w", subject, err)
	}
	return nil
}

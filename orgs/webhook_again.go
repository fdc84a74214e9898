package orgs

import (
	"context"
	"errors"
	"regexp"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/notify"
	"halfkey/policies"
)

// Again has a webhook told once more what it did not take, and says how many calls
// those are. What they say is not shown, so who looks after the installation may
// do it as well as who manages the webhook.
func (w Webhooks) Again(ctx context.Context, id string) (int, error) {
	return w.failed(ctx, id, "webhook.again", w.Hooks.Again)
}

// LetGo forgets what a webhook did not take.
func (w Webhooks) LetGo(ctx context.Context, id string) (int, error) {
	return w.failed(ctx, id, "webhook.let-go", w.Hooks.LetGo)
}

// hookID is the form of a webhook's id.
var hookID = regexp.MustCompile(`^[a-z0-9]{1,40}$`)

func (w Webhooks) failed(ctx context.Context, id, verb string, deed func(*gorm.DB, string) (int, error)) (n int, err error) {
	if !hookID.MatchString(id) {
		return 0, notify.ErrHook
	}
	db := w.Orgs.DB.WithContext(ctx)
	var row struct {
		TenantID, Host string
		OrgID          iam.OrgID
	}
	err = db.Raw("SELECT tenant_id, org_id, host FROM webhooks WHERE id = ? AND removed_at IS NULL", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return 0, notify.ErrHook
	}
	if err != nil {
		return 0, err
	}
	switch err := w.Orgs.Decider.Require(ctx, policies.ManageOrg, row.OrgID); {
	case errors.Is(err, policies.ErrHidden):
		return 0, notify.ErrHook
	case err != nil:
		return 0, err
	}
	err = db.Transaction(func(tx *gorm.DB) error {
		if n, err = deed(tx, id); err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, verb, audit.Object{Tenant: row.TenantID, Org: string(row.OrgID), Type: "webhook", ID: id}, audit.Detail{"name": row.Host, "count": n})
	})
	return n, err
}

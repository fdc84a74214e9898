package iam

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/vault"
)

// How long a token lives at most, and how many that work one holder has: enough
// to change one for the other without a gap.
const (
	apiTokenLife = 366 * 24 * time.Hour
	apiTokenMost = 20
)

// NewAPIToken is what a token shall be. A zero NotBefore is now.
type NewAPIToken struct {
	Holder    Holder
	Tenant    OrgID
	Label     string
	CutRole   string
	CutOrg    OrgID
	Assurance Assurance // how well its holder had proved himself, as long as it works
	NotBefore time.Time
	NotAfter  time.Time
	By        string
}

// Check takes what was typed, and notes what is wrong with it. Field names:
// label, not_before, not_after.
func (n *NewAPIToken) Check(form *Form, now time.Time) {
	var err error
	n.Label, err = ParseName(n.Label)
	form.Check("label", err)
	if n.NotBefore.IsZero() {
		n.NotBefore = now
	}
	if n.NotBefore.Before(now.Add(-24*time.Hour)) || n.NotBefore.After(now.Add(apiTokenLife)) { // today's morning will do
		form.Check("not_before", ErrTokenTimes)
	}
	if !n.NotAfter.After(now) || !n.NotAfter.After(n.NotBefore) || n.NotAfter.After(now.Add(apiTokenLife)) {
		form.Check("not_after", ErrTokenTimes)
	}
}

// Make draws a token that was checked, in the caller's transaction; nobody can
// read it again. It fails with ErrTokenMany.
func (t *APITokens) Make(tx *gorm.DB, n NewAPIToken) (vault.Secret, APIToken, error) {
	now := t.Now()
	if err := t.Versions.Bump(tx); err != nil { // first: two at once do not both become the twentieth
		return "", APIToken{}, err
	}
	var working int64
	err := tx.Model(&apiTokenRow{}).Where("subject_type = ? AND subject_id = ? AND revoked_at IS NULL AND not_after > ?",
		n.Holder.Type, n.Holder.ID, Micros(now)).Count(&working).Error
	if err != nil {
		return "", APIToken{}, fmt.Errorf("count tokens: %w", err)
	}
	if working >= apiTokenMost {
		return "", APIToken{}, ErrTokenMany
	}
	secret := drawAPIToken()
	hash := t.hash(secret)
	row := apiTokenRow{
		TokenHash: hash[:], ID: NewID(), TenantID: string(n.Tenant), SubjectType: n.Holder.Type, SubjectID: n.Holder.ID, Label: n.Label,
		Hint: secret.Reveal()[:apiTokenHint], CutRole: n.CutRole, Assurance: int(n.Assurance), NotBefore: Micros(n.NotBefore),
		NotAfter: Micros(n.NotAfter), CreatedBy: n.By, CreatedAt: Micros(now),
	}
	if n.CutOrg != "" {
		row.CutOrgID = (*string)(&n.CutOrg)
	}
	if err := tx.Create(&row).Error; err != nil {
		return "", APIToken{}, fmt.Errorf("make a token: %w", err)
	}
	return secret, row.token(), nil
}

// List gives a holder's tokens that are not revoked, oldest first; those that
// are over stay in it for a month.
func (t *APITokens) List(q *gorm.DB, h Holder) ([]APIToken, error) {
	var rows []apiTokenRow
	err := q.Where("subject_type = ? AND subject_id = ? AND revoked_at IS NULL AND not_after > ?",
		h.Type, h.ID, Micros(t.Now().AddDate(0, -1, 0))).Order("id").Limit(10 * apiTokenMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	all := make([]APIToken, len(rows))
	for i, r := range rows {
		all[i] = r.token()
	}
	return all, nil
}

// Get finds a token by its id, whatever its state. It fails with ErrTokenUnknown.
func (t *APITokens) Get(q *gorm.DB, id TokenID) (APIToken, error) {
	var row apiTokenRow
	err := q.Where("id = ?", string(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return APIToken{}, ErrTokenUnknown
	}
	if err != nil {
		return APIToken{}, fmt.Errorf("find token %s: %w", id, err)
	}
	return row.token(), nil
}

// Revoke ends a token at once, on every replica, in the caller's transaction.
// It fails with ErrTokenUnknown, also for one that is revoked already.
func (t *APITokens) Revoke(tx *gorm.DB, id TokenID, by string) error {
	if err := t.Versions.Bump(tx); err != nil {
		return err
	}
	res := tx.Model(&apiTokenRow{}).Where("id = ? AND revoked_at IS NULL", string(id)).
		Updates(map[string]any{"revoked_at": Micros(t.Now()), "revoked_by": by})
	if res.Error != nil {
		return fmt.Errorf("revoke token %s: %w", id, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrTokenUnknown
	}
	return nil
}

// RevokeAll ends all that a holder has, in the caller's transaction.
func (t *APITokens) RevokeAll(tx *gorm.DB, h Holder, by string) error {
	if err := t.Versions.Bump(tx); err != nil {
		return err
	}
	err := tx.Model(&apiTokenRow{}).Where("subject_type = ? AND subject_id = ? AND revoked_at IS NULL", h.Type, h.ID).
		Updates(map[string]any{"revoked_at": Micros(t.Now()), "revoked_by": by}).Error
	if err != nil {
		return fmt.Errorf("revoke the tokens of %s: %w", h.ID, err)
	}
	return nil
}

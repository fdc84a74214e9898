package orgs

import (
	"context"
	"fmt"
	"strings"

	"halfkey/iam"
	"halfkey/iam/fault"
)

// ErrNowhere says that a question is about no place and no device.
var ErrNowhere = fault.New(fault.Unprocessable, "where-unknown", "There is no organisation and no channel of that name. Give an organisation's short name, or a channel's number.")

// Where finds what somebody means who looks after the platform: a tenant by its
// slug, or a device by its channel's number or its id. It fails with ErrNowhere
// (field where).
func (s *Service) Where(ctx context.Context, text string) (org iam.OrgID, device iam.DeviceID, err error) {
	if _, err := s.Platform(ctx); err != nil {
		return "", "", err
	}
	text = strings.ToLower(strings.TrimSpace(text))
	var found struct {
		Org    iam.OrgID
		Device iam.DeviceID
	}
	err = s.DB.WithContext(ctx).Raw(`SELECT id AS org, '' AS device FROM orgs WHERE kind = 'tenant' AND slug = ?
UNION ALL SELECT org_id, id FROM devices WHERE channel_id = ? AND removed_at IS NULL
UNION ALL SELECT org_id, id FROM devices WHERE id = ? AND removed_at IS NULL LIMIT 1`, text, text, text).Scan(&found).Error
	switch {
	case err != nil:
		return "", "", fmt.Errorf("find %q: %w", text, err)
	case found.Org == "":
		return "", "", iam.Wrong("where", ErrNowhere)
	}
	return found.Org, found.Device, nil
}

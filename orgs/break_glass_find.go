package orgs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/policies"
)

// secretsMost bounds how many secrets of a kind are listed; a name finds the others.
const secretsMost = 20

// Where secrets lie. The first parameters name the place, %s is a condition on
// what is looked for.
const (
	someRegistrationKeys = `SELECT 'registration-key' AS kind, k.id AS key, k.label AS name, k.tenant_id AS tenant, k.org_id AS org, o.name AS org_name, '' AS holder, '' AS channel, '' AS device, FALSE AS outside
FROM registration_keys k JOIN orgs o ON o.id = k.org_id WHERE k.state <> 'revoked' AND %s ORDER BY k.label, k.id LIMIT ?`
	someWriteKeys = `SELECT 'write-key' AS kind, '' AS key, d.name AS name, d.tenant_id AS tenant, d.org_id AS org, o.name AS org_name, '' AS holder, d.channel_id AS channel, d.id AS device, COALESCE(c.provider <> 'embedded', FALSE) AS outside
FROM devices d JOIN orgs o ON o.id = d.org_id LEFT JOIN connectors c ON c.id = d.connector_id WHERE d.removed_at IS NULL AND d.channel_id <> '' AND %s ORDER BY d.name, d.id LIMIT ?`
	someReadKeys = `SELECT CASE WHEN k.user_id IS NULL THEN 'shared-read-key' ELSE 'read-key' END AS kind, k.id AS key, c.name AS name, c.tenant_id AS tenant, c.org_id AS org, o.name AS org_name,
 COALESCE(u.name, '') AS holder, CAST(c.id AS TEXT) AS channel, '' AS device, FALSE AS outside
FROM channels c JOIN orgs o ON o.id = c.org_id JOIN channel_keys k ON k.channel_id = c.id AND k.kind = 'read' AND k.revoked_at IS NULL LEFT JOIN users u ON u.id = k.user_id
WHERE %s ORDER BY c.name, c.id, k.created_at LIMIT ?`
)

// Secrets lists what break-glass can open in a place and below, some of each
// kind: those whose device, channel, number or label begins with find. It asks
// for BreakGlass there.
func (s *Service) Secrets(ctx context.Context, org iam.OrgID, find string) (all []Sealed, err error) {
	if err := s.Decider.Require(ctx, policies.BreakGlass, org); err != nil {
		return nil, err
	}
	find = strings.TrimSpace(find)
	for _, q := range []struct{ sql, org, columns string }{
		{someRegistrationKeys, "k.org_id", "k.label"},
		{someWriteKeys, "d.org_id", "d.name d.serial d.channel_id"},
		{someReadKeys, "c.org_id", "c.name CAST(c.id|AS|TEXT)"},
	} {
		where := q.org + " IN (SELECT descendant FROM org_closure WHERE ancestor = ?)"
		args := []any{string(org)}
		if find != "" {
			var begins []string
			for _, c := range strings.Fields(q.columns) {
				begins = append(begins, "substr(lower("+strings.ReplaceAll(c, "|", " ")+"), 1, ?) = lower(?)")
				args = append(args, utf8.RuneCountInString(find), find)
			}
			where += " AND (" + strings.Join(begins, " OR ") + ")"
		}
		some, err := s.sealed(ctx, q.sql, where, append(args, secretsMost)...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Secret finds one, for who may break glass where it is.
func (s *Service) Secret(ctx context.Context, ref SecretRef) (Sealed, error) {
	var some []Sealed
	var err error
	switch ref.Kind {
	case RegistrationKey:
		some, err = s.sealed(ctx, someRegistrationKeys, "k.id = ?", string(ref.Key), 1)
	case WriteKey:
		some, err = s.sealed(ctx, someWriteKeys, "d.id = ?", string(ref.Device), 1)
	case OwnReadKey, SharedReadKey:
		channel, wrong := strconv.ParseInt(ref.Channel, 10, 64)
		if wrong != nil {
			return Sealed{}, policies.ErrHidden
		}
		some, err = s.sealed(ctx, someReadKeys, "c.id = ? AND k.id = ?", channel, string(ref.Key), 1)
	}
	if err != nil {
		return Sealed{}, err
	}
	if len(some) == 0 || !s.Decider.May(ctx, policies.ReadOrg, some[0].Org) {
		return Sealed{}, policies.ErrHidden
	}
	return some[0], s.Decider.Require(ctx, policies.BreakGlass, some[0].Org)
}

func (s *Service) sealed(ctx context.Context, sql, where string, args ...any) (all []Sealed, err error) {
	if err := s.DB.WithContext(ctx).Raw(fmt.Sprintf(sql, where), args...).Scan(&all).Error; err != nil {
		return nil, fmt.Errorf("find secrets: %w", err)
	}
	return all, nil
}

// orNoSecret says that a secret is not there, or no more, by whatever name its
// keeper says it.
func orNoSecret(err error) error {
	if err == nil || errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, connectors.ErrChannel) {
		return ErrNoSecret
	}
	return err
}

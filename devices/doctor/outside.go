package doctor

import (
	"context"
	"fmt"
	"time"

	"halfkey/connectors"
	"halfkey/iam"
	"halfkey/policies"
)

// What can be wrong with connectors. Cause of ConnectorLost and Stuck is empty or
// the last failure's word; Name is the connector's.
const (
	ConnectorRefused Code = "connector-account" // the account's key is refused
	ConnectorFull    Code = "connector-quota"   // the account has no room
	ConnectorPace    Code = "connector-pace"    // too many calls: it is left alone for a while
	ConnectorSilent  Code = "connector-silent"  // it does not answer: it is left alone for a while
	ConnectorDrift   Code = "connector-drift"   // so much is otherwise there that a person has to look
	ConnectorPaused  Code = "connector-paused"  // somebody paused it, and something waits
	ConnectorLost    Code = "connector-lost"    // channels were deleted there
	ConnectorStuck   Code = "connector-stuck"   // what is wanted of it fails again and again
)

// findingsMost bounds how many of one sort a look tells of.
const findingsMost = 200

// stuckTries is after how many failures a channel counts as stuck.
const stuckTries = 3

func (s *Service) connectors(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	q, err := s.seen(ctx, s.db(ctx).Table("connectors AS c").Joins("JOIN orgs o ON o.id = c.org_id"), policies.ReadConnector, org, "c.org_id", "c.tenant_id")
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID, OrgID, Place, Name, State, Trouble string
		TroubleAt, TurnedAt                    *int64
		RetryAt                                int64
		Lost, Waiting                          int
	}
	err = q.Where(`c.state <> 'removed' AND c.secrets_sealed IS NOT NULL AND (c.trouble <> '' OR c.state = 'paused'
OR EXISTS (SELECT 1 FROM projections p WHERE p.connector_id = c.id AND p.state = 'lost'))`).
		Select(`c.id, c.org_id, o.name AS place, c.name, c.state, c.trouble, c.trouble_at, c.turned_at, c.retry_at,
(SELECT COUNT(*) FROM projections p WHERE p.connector_id = c.id AND p.state = 'lost') AS lost,
(SELECT COUNT(*) FROM projections p WHERE p.connector_id = c.id AND p.pending <> '') AS waiting`).
		Order("c.id").Limit(findingsMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look at connectors: %w", err)
	}
	for _, r := range rows {
		f := Finding{Org: iam.OrgID(r.OrgID), Place: r.Place, Subject: r.ID, Name: r.Name, Since: iam.TimeOrZero(r.TroubleAt), Count: r.Waiting}
		switch code, weight := troubled(r.Trouble); {
		case r.State == "paused":
			f.Code, f.Weight, f.Since = ConnectorPaused, Waits, iam.TimeOrZero(r.TurnedAt)
			all = append(all, f)
		case code != "":
			f.Code, f.Weight, f.Cause = code, weight, r.Trouble
			if code == ConnectorPace || code == ConnectorSilent {
				f.Next = soonOrZero(r.RetryAt, s.Now())
			}
			all = append(all, f)
		}
		if r.Lost > 0 {
			all = append(all, Finding{Code: ConnectorLost, Weight: Shaky, Org: f.Org, Place: f.Place, Subject: r.ID, Name: r.Name, Count: r.Lost})
		}
	}
	return all, nil
}

func troubled(trouble string) (Code, Weight) {
	switch {
	case trouble == "":
		return "", 0
	case trouble == connectors.ErrAccount.Error():
		return ConnectorRefused, Broken
	case trouble == connectors.ErrQuota.Error():
		return ConnectorFull, Broken
	case trouble == connectors.ErrPace.Error():
		return ConnectorPace, Shaky
	case connectors.Withheld(trouble):
		return ConnectorDrift, Broken
	}
	return ConnectorSilent, Broken
}

func soonOrZero(us int64, now time.Time) time.Time {
	if t := iam.Time(us); t.After(now) {
		return t
	}
	return time.Time{}
}

// stuck is the channels of each connector that are asked for in vain.
func (s *Service) stuck(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	q, err := s.seen(ctx, s.db(ctx).Table("projections AS p").Joins("JOIN connectors c ON c.id = p.connector_id").Joins("JOIN orgs o ON o.id = c.org_id"),
		policies.ReadConnector, org, "c.org_id", "c.tenant_id")
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID, OrgID, Place, Name, Error string
		N                             int
		Since, Next                   int64
	}
	err = q.Where("p.pending <> '' AND p.error <> '' AND (p.tries >= ? OR p.error = ?) AND c.state = 'active' AND c.trouble = ''", stuckTries, connectors.ErrQuota.Error()).
		Select("c.id, c.org_id, o.name AS place, c.name, MAX(p.error) AS error, COUNT(*) AS n, MIN(p.error_at) AS since, MIN(p.due_at) AS next").
		Group("c.id, c.org_id, o.name, c.name").Order("c.id").Limit(findingsMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look at what waits outside: %w", err)
	}
	for _, r := range rows {
		f := Finding{Code: ConnectorStuck, Weight: Shaky, Org: iam.OrgID(r.OrgID), Place: r.Place, Subject: r.ID, Name: r.Name, Count: r.N,
			Cause: r.Error, Since: iam.Time(r.Since), Next: soonOrZero(r.Next, s.Now())}
		if r.Error == connectors.ErrQuota.Error() {
			f.Code, f.Weight, f.Next = ConnectorFull, Broken, time.Time{}
		}
		all = append(all, f)
	}
	return all, nil
}

package devices

import (
	"context"
	"strings"

	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/policies"
)

// How many of the newest rows newest looks at, at a time and at most.
const (
	glance  = 500
	glimpse = 4000
)

// newest finds a page of a wide scope by looking at the newest rows, whosever
// they are: who sees much finds his fifty soon, and asking the database for each
// of a thousand places takes longer. It gives up (found is false) where he sees
// too few of them.
func (s *Service) newest(ctx context.Context, w where, f Filter, scope policies.Scope) (page []Device, found bool, err error) {
	if !scope.Wide() || f.Text != "" || f.Org != "" {
		return nil, false, nil
	}
	var ids []string
	last := f.After
	for seen := 0; seen < glimpse; seen += glance {
		n := 0
		n, last, err = s.walk(ctx, w.before(last), func(id iam.DeviceID, org iam.OrgID) bool {
			if scope.HasDevice(org, id) {
				ids = append(ids, string(id))
			}
			return len(ids) < f.Limit
		})
		if err != nil {
			return nil, false, err
		}
		if found = n < glance || len(ids) == f.Limit; found {
			break
		}
	}
	if !found || len(ids) == 0 {
		return nil, found, nil
	}
	w.and("id IN (?"+strings.Repeat(",?", len(ids)-1)+")", toAny(ids)...)
	page, err = s.page(ctx, w, f.Limit)
	return page, true, err
}

func toAny(ids []string) []any {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// walk goes down the newest rows until more says no, and tells how many it saw
// and which was the last.
func (s *Service) walk(ctx context.Context, w where, more func(iam.DeviceID, iam.OrgID) bool) (n int, last iam.DeviceID, err error) {
	rows, err := migrations.SQL("SELECT id, org_id FROM devices WHERE "+w.sql+" ORDER BY id DESC LIMIT ?").Rows(ctx, s.DB, append(w.args, glance)...)
	if err != nil {
		return 0, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var org iam.OrgID
		if err := rows.Scan((*string)(&last), (*string)(&org)); err != nil {
			return n, last, err
		}
		if n++; !more(last, org) {
			break
		}
	}
	return n, last, rows.Err()
}

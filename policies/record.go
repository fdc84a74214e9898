package policies

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// record is an assignment that somebody holds or has held, as Explain reads it.
type record struct {
	Link
	seat   seat
	stands bool // neither ended nor without what it leans on
}

const readHistory = `SELECT COALESCE(lu.name, ''), COALESCE(a.subject_type, ''), a.subject_id, a.source, COALESCE(a.delegated_from, ''), a.granted_by, a.reason, a.created_at,
 COALESCE(a.ended_at, 0), COALESCE(a.ended_by, ''), COALESCE(a.end_reason, ''), a.status = 'active' AND a.ended_at IS NULL AND (a.delegated_from IS NULL OR d.id IS NOT NULL), `

const historyJoins = seatJoins + ` LEFT JOIN assignments ld ON ld.id = a.delegated_from LEFT JOIN users lu ON lu.id = ld.subject_id`

const historyOwn = readHistory + `'', ` + seatColumns + `, NULL, NULL FROM assignments a` + historyJoins + `
WHERE a.subject_id = ? AND a.subject_type IN ('user', 'service') AND a.status <> 'offered'
UNION ALL ` + readHistory + `m.org_id, ` + seatColumns + `, m.valid_from, m.valid_to FROM assignments m
JOIN orgs t ON t.id = m.org_id AND t.state = 'active' JOIN assignments a ON a.subject_id = m.org_id AND a.subject_type = 'org'` + historyJoins + `
WHERE m.subject_id = ? AND ` + belongs + ` AND a.status <> 'offered'`

// historyMost bounds what Explain looks at; the newest come first.
const historyMost = 2000

// historyOf reads all that somebody holds and has held, newest first.
func historyOf(q *gorm.DB, who iam.UserID) (all []record, err error) {
	rows, err := q.Raw(historyOwn+" ORDER BY 8 DESC LIMIT ?", string(who), string(who), historyMost).Rows()
	if err != nil {
		return nil, fmt.Errorf("read what %s held: %w", who, err)
	}
	defer rows.Close()
	for rows.Next() {
		var r record
		var created, ended int64
		r.seat, err = scanSeat(rows, &r.Lender, &r.SubjectType, &r.User, &r.Source, &r.Lent, &r.GrantedBy, &r.Reason, &created, &ended, &r.EndedBy, &r.EndedFor, &r.stands)
		if err != nil {
			return nil, fmt.Errorf("read what %s held: %w", who, err)
		}
		s := &r.seat
		r.ID, r.Role, r.Org, r.Tenant, r.Device, r.Reach, r.Team = s.id, s.role, s.org, s.tenant, s.device, s.reach, s.team
		r.From, r.Until, r.CreatedAt = timeOf(s.spans[0].from), timeOf(s.ends()), iam.Time(created)
		r.EndedAt = timeOf(ended)
		all = append(all, r)
	}
	return all, rows.Err()
}

package audit

// The statements are written by hand, since a line is part of every deed:
// two on SQLite; on PostgreSQL, where each costs a way there and back, one.

type dialect struct {
	take   string // reads the head and holds it
	found  string // makes an empty head
	extend []statement
}

type statement struct {
	sql  string
	args func(e *Entry, from, to head, seal mac) []any
}

const columns = `tenant_id, seq, at, actor_type, actor_id, actor_name, door, request_id, verb, object_type, object_id, org_id, outcome, detail, count, mac`

func row(e *Entry, m []byte) []any {
	return []any{e.TenantID, e.Seq, e.At, e.ActorType, e.ActorID, e.ActorName, e.Door, e.RequestID,
		e.Verb, e.ObjectType, e.ObjectID, e.OrgID, e.Outcome, e.Detail, e.Count, m}
}

var dialects = map[string]dialect{
	"sqlite": {
		take:  `SELECT seq, mac FROM audit_heads WHERE tenant_id = ?`,
		found: `INSERT INTO audit_heads (tenant_id, seq, mac, seal) VALUES (?, 0, ?, ?) ON CONFLICT DO NOTHING`,
		extend: []statement{
			{`UPDATE audit_heads SET seq = ?, mac = ?, seal = ? WHERE tenant_id = ? AND seq = ? AND mac = ?`,
				func(e *Entry, from, to head, seal mac) []any {
					return []any{to.seq, to.mac[:], seal[:], e.TenantID, from.seq, from.mac[:]}
				}},
			{`INSERT INTO audit (` + columns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				func(e *Entry, _, to head, _ mac) []any { return row(e, to.mac[:]) }},
		},
	},
	"postgres": {
		take:  `SELECT seq, mac FROM audit_heads WHERE tenant_id = $1 FOR UPDATE`,
		found: `INSERT INTO audit_heads (tenant_id, seq, mac, seal) VALUES ($1, 0, $2, $3) ON CONFLICT DO NOTHING`,
		extend: []statement{
			{`WITH head AS (UPDATE audit_heads SET seq = $2, mac = $16, seal = $17 WHERE tenant_id = $1 AND seq = $18 AND mac = $19 RETURNING 1)
INSERT INTO audit (` + columns + `) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM head`,
				func(e *Entry, from, to head, seal mac) []any {
					return append(row(e, to.mac[:]), seal[:], from.seq, from.mac[:])
				}},
		},
	},
}

package audit

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// Report is what Verify found.
type Report struct {
	Tenants  int
	Lines    int64
	Problems []Problem
	Unsealed []string // tenants without a seal outside the database: their tail is vouched for by the database only
}

// Problem is the first thing wrong in a tenant's chain.
type Problem struct {
	Tenant string
	Seq    int64 // the first line that does not fit, or is missing; zero when it is about the seal file
	What   string
}

// OK tells whether nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

func (p Problem) String() string {
	return fmt.Sprintf("tenant %q, line %d: %s", p.Tenant, p.Seq, p.What)
}

// Verify walks the chains of the tenants, or of all, and names in each the
// first line that does not fit. It reads one state of the database while
// others write on. An error means that it could not look, not that it found something.
func (t *Trail) Verify(ctx context.Context, tenants ...string) (r Report, err error) {
	marks, damaged, err := t.sealed.read() // before the database: a mark is never ahead of it
	if err != nil {
		return r, fmt.Errorf("verify: seal file: %w", err)
	}
	if damaged > 0 {
		r.Problems = append(r.Problems, Problem{What: fmt.Sprintf("%d lines of the seal file are not ours", damaged)})
	}
	byTenant := make(map[string][]head)
	for _, m := range marks {
		byTenant[m.tenant] = append(byTenant[m.tenant], m.head)
	}
	snapshot := &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	err = t.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if len(tenants) == 0 {
			if tenants, err = all(tx, byTenant); err != nil {
				return err
			}
		}
		for _, tenant := range tenants {
			if err := t.verify(tx, tenant, byTenant[tenant], &r); err != nil {
				return fmt.Errorf("verify %q: %w", tenant, err)
			}
		}
		return nil
	}, snapshot)
	return r, err
}

// all lists the tenants that have a line, a head or a mark.
func all(tx *gorm.DB, marks map[string][]head) (tenants []string, err error) {
	if err := tx.Table("audit_heads").Pluck("tenant_id", &tenants).Error; err != nil {
		return nil, err
	}
	for tenant := range marks {
		tenants = append(tenants, tenant)
	}
	next := tx.Table("audit").Order("tenant_id").Limit(1).Session(&gorm.Session{})
	var found []string
	for err = next.Pluck("tenant_id", &found).Error; err == nil && len(found) > 0; {
		tenants = append(tenants, found[0])
		last := found[0]
		found = nil
		err = next.Where("tenant_id > ?", last).Pluck("tenant_id", &found).Error
	}
	slices.Sort(tenants)
	return slices.Compact(tenants), err
}

// line is an entry with its hash as stored.
type line struct {
	Entry
	Mac []byte
}

func (t *Trail) verify(tx *gorm.DB, tenant string, marks []head, r *Report) error {
	r.Tenants++
	if len(marks) == 0 {
		r.Unsealed = append(r.Unsealed, tenant)
	}
	slices.SortFunc(marks, func(a, b head) int { return int(a.seq - b.seq) })
	end, what, err := t.walk(tx, tenant, marks, r)
	if err != nil {
		return err
	}
	if what == "" {
		what, end.seq, err = t.atEnd(tx, tenant, end, marks)
	}
	if what != "" {
		r.Problems = append(r.Problems, Problem{tenant, end.seq, what})
	}
	return err
}

// walk follows the chain to its end, or to the line that what is about.
func (t *Trail) walk(tx *gorm.DB, tenant string, marks []head, r *Report) (at head, what string, err error) {
	rows, err := tx.Table("audit").Where("tenant_id = ?", tenant).Order("seq").Rows()
	if err != nil {
		return at, "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l line
		if err := tx.ScanRows(rows, &l); err != nil {
			return at, "", err
		}
		r.Lines++
		if l.Seq != at.seq+1 {
			return head{seq: at.seq + 1}, "removed", nil
		}
		want := t.link(at.mac, &l.Entry)
		if !hmac.Equal(want[:], l.Mac) {
			return head{seq: l.Seq}, "changed, or not in its place", nil
		}
		at = head{l.Seq, want}
		for len(marks) > 0 && marks[0].seq <= at.seq {
			if marks[0].seq == at.seq && marks[0].mac != at.mac {
				return at, "not the line that was sealed outside the database: the chain was cut here or before, and written anew", nil
			}
			marks = marks[1:]
		}
	}
	return at, "", rows.Err()
}

// atEnd compares the last line with the head in the database and the marks outside.
func (t *Trail) atEnd(tx *gorm.DB, tenant string, end head, marks []head) (what string, seq int64, err error) {
	if n := len(marks); n > 0 && marks[n-1].seq > end.seq {
		return fmt.Sprintf("cut off: the seal outside the database knows %d lines", marks[n-1].seq), end.seq + 1, nil
	}
	var rows []struct {
		Seq  int64
		Mac  []byte
		Seal []byte
	}
	if err := tx.Table("audit_heads").Where("tenant_id = ?", tenant).Find(&rows).Error; err != nil {
		return "", 0, err
	}
	if len(rows) == 0 {
		if end.seq == 0 {
			return "", 0, nil
		}
		return "the chain has no head", end.seq, nil
	}
	h := rows[0]
	var stored head
	stored.seq = h.Seq
	copy(stored.mac[:], h.Mac)
	seal := t.seal(tenant, stored)
	switch {
	case h.Seq > end.seq:
		return fmt.Sprintf("cut off: the head knows %d lines", h.Seq), end.seq + 1, nil
	case stored != end:
		return "the head is not at the last line", end.seq, nil
	case !hmac.Equal(seal[:], h.Seal):
		return "the head's seal is not ours", end.seq, nil
	}
	return "", 0, nil
}

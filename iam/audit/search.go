package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// A search reads a bounded number of lines, however long the trail is: along
// the index that its filter fits best, or straight back through the lines.
const (
	alongIndex = 5_000
	straight   = 20_000
	orgsMost   = 200 // places that are each looked up by their own index
)

// slack is how far the lines' times may run against their order: clocks of
// several replicas, or one that was set.
const slack = 10 * time.Minute

// Page is what a search found.
type Page struct {
	Lines []Entry // newest first
	Next  int64   // Before of the next page; 0 at the end of the trail
	Short bool    // the search stopped before the page was full: Next goes on from there
}

// Search gives a page of the lines that fit, newest first.
func Search(ctx context.Context, db *gorm.DB, f Filter) (p Page, err error) {
	if f.Orgs != nil && len(f.Orgs) == 0 {
		return p, nil
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 1000)
	s := search{Filter: f, db: db.WithContext(ctx)}
	if err := s.bound(); err != nil {
		return p, fmt.Errorf("search the trail: %w", err)
	}
	if s.from >= s.before {
		return p, nil
	}
	if p.Lines, err = s.lines(); err != nil {
		return p, fmt.Errorf("search the trail: %w", err)
	}
	if len(p.Lines) > f.Limit {
		p.Lines = p.Lines[:f.Limit]
		p.Next = p.Lines[f.Limit-1].Seq
		return p, nil
	}
	p.Next, err = s.end()
	p.Short = p.Next > 0
	return p, err
}

// search is a filter with the part of the chain in which it looks: from ≤ Seq < before.
type search struct {
	Filter
	db           *gorm.DB
	from, before int64
}

// bound finds the part of the chain by the dates and the page.
func (s *search) bound() error {
	var last int64
	if err := s.db.Table("audit").Where("tenant_id = ?", s.Tenant).Select("COALESCE(MAX(seq), 0)").Scan(&last).Error; err != nil {
		return err
	}
	s.from, s.before = 1, last+1
	if s.Before > 0 {
		s.before = min(s.before, s.Before)
	}
	if !s.To.IsZero() {
		end, err := s.firstAt(s.To.Add(slack), last)
		if err != nil {
			return err
		}
		s.before = min(s.before, end)
	}
	if !s.From.IsZero() {
		first, err := s.firstAt(s.From.Add(-slack), last)
		if err != nil {
			return err
		}
		s.from = max(s.from, first)
	}
	return nil
}

// firstAt halves the chain until it knows the first line of that time or later.
func (s *search) firstAt(t time.Time, last int64) (int64, error) {
	low, high := int64(1), last+1
	for low < high {
		middle := low + (high-low)/2
		var at []int64
		err := s.db.Table("audit").Where("tenant_id = ? AND seq >= ?", s.Tenant, middle).Order("seq").Limit(1).Pluck("at", &at).Error
		if err != nil {
			return 0, err
		}
		if len(at) == 0 || at[0] >= t.UnixMicro() {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}

// along is the condition that an index serves and that cuts most; empty: none does.
func (s *search) along() (where, value, index string) {
	switch {
	case s.ObjectID != "":
		return "object_id = ?", s.ObjectID, "audit_object"
	case s.ActorID != "":
		return "actor_id = ?", s.ActorID, "audit_actor"
	case s.Verb != "":
		return "verb = ?", s.Verb, "audit_verb"
	}
	return "", "", ""
}

// by is the table read along an index. SQLite has to be told: without statistics
// it walks back through the lines and looks at each.
func (s *search) by(index string) string {
	if s.db.Name() == "sqlite" {
		return "audit INDEXED BY " + index
	}
	return "audit"
}

// byOrg tells whether each place's own lines are few to look at.
func (s *search) byOrg() bool {
	return s.Orgs != nil && len(s.Orgs) <= orgsMost && s.ObjectID+s.ActorID+s.Verb+s.Door+s.Outcome == ""
}

// lines reads one line more than a page, where there are as many.
func (s *search) lines() (found []Entry, err error) {
	if s.byOrg() {
		return s.linesByOrg()
	}
	from := s.from
	where, value, index := s.along()
	if where == "" {
		from = max(from, s.before-straight)
	}
	inner := s.part(index, from).Order("seq DESC")
	if where != "" {
		inner = inner.Where(where, value).Limit(alongIndex)
	}
	q := s.cut(s.db.Table("(?) AS audit", inner))
	err = q.Order("seq DESC").Limit(s.Limit + 1).Find(&found).Error
	return found, err
}

// part is the lines from one on, as far as is searched, read along an index or straight.
func (s *search) part(index string, from int64) *gorm.DB {
	q := s.db.Table("audit")
	if index != "" {
		q = s.db.Table(s.by(index))
	}
	return q.Where("tenant_id = ? AND seq >= ? AND seq < ?", s.Tenant, from, s.before)
}

// linesByOrg takes the newest of each place and sorts them: a database that
// looks for many places at once reads all their lines first.
func (s *search) linesByOrg() (found []Entry, err error) {
	for some := range slices.Chunk(s.Orgs, 100) {
		one := `SELECT * FROM (SELECT ` + columns + ` FROM ` + s.by("audit_org") + ` WHERE tenant_id = ? AND org_id = ? AND seq >= ? AND seq < ?%s ORDER BY seq DESC LIMIT ?) AS lines`
		var times string
		var dates []any
		if !s.From.IsZero() {
			times, dates = times+" AND at >= ?", append(dates, s.From.UnixMicro())
		}
		if !s.To.IsZero() {
			times, dates = times+" AND at < ?", append(dates, s.To.UnixMicro())
		}
		var parts []string
		var args []any
		for _, org := range some {
			parts = append(parts, fmt.Sprintf(one, times))
			args = append(append(append(args, s.Tenant, org, s.from, s.before), dates...), s.Limit+1)
		}
		var lines []Entry
		if err := s.db.Raw(strings.Join(parts, " UNION ALL ")+" ORDER BY seq DESC LIMIT ?", append(args, s.Limit+1)...).Scan(&lines).Error; err != nil {
			return nil, err
		}
		found = append(found, lines...)
	}
	slices.SortFunc(found, func(a, b Entry) int { return int(b.Seq - a.Seq) })
	return found[:min(len(found), s.Limit+1)], nil
}

// end tells, after a page that was not filled, from where to look on; 0 when
// all was looked at.
func (s *search) end() (int64, error) {
	if s.byOrg() {
		return 0, nil
	}
	where, value, index := s.along()
	if where == "" && s.before-straight > s.from {
		return s.before - straight, nil
	}
	if where == "" {
		return 0, nil
	}
	var last []int64
	err := s.part(index, s.from).Where(where, value).
		Order("seq DESC").Offset(alongIndex-1).Limit(1).Pluck("seq", &last).Error
	if err != nil || len(last) == 0 || last[0] <= s.from {
		return 0, err
	}
	return last[0], nil
}

package agents

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// eventsWhere is the condition of a query, cut to what the actor may read; it is
// empty for who may read nothing.
func (s *Service) eventsWhere(ctx context.Context, q EventQuery) (string, []any, error) {
	var parts []string
	var args []any
	and := func(part string, more ...any) { parts, args = append(parts, part), append(args, more...) }
	if who := audit.ActorFrom(ctx); who.Type == actorType {
		r, err := read(ctx, s.DB.WithContext(ctx), ID(who.ID))
		if err != nil {
			return "", nil, err
		}
		if q.Entity != "" && q.Entity != r.ID {
			return "", nil, policies.ErrRefused
		}
		and("e.device_id = ?", string(r.Device))
	} else {
		scope, err := s.Decider.Scope(ctx, policies.ReadDevice)
		if err != nil || scope.Empty() {
			return "", nil, err
		}
		if sql, more := scope.SQL("d.org_id", "d.tenant_id"); sql != "" {
			and(sql, more...)
		}
		if q.Entity != "" {
			and("e.device_id = (SELECT device_id FROM agents WHERE id = ?)", string(q.Entity))
		}
	}
	from := q.From
	if from.IsZero() && q.To.IsZero() {
		from = s.Now().Add(-EventsBefore)
	}
	if !from.IsZero() {
		and("e.at >= ?", iam.Micros(from))
	}
	if !q.To.IsZero() {
		and("e.at <= ?", iam.Micros(q.To))
	}
	if q.Severity != nil {
		and("e.severity = ?", *q.Severity)
	}
	for column, want := range map[string]string{"e.source": q.Source, "e.source_type": q.SourceType, "e.source_id": q.SourceID} {
		if want != "" {
			and(column+" = ?", want)
		}
	}
	return strings.Join(parts, " AND "), args, nil
}

// Event is one event, or ErrNoEvent for who may not read it.
func (s *Service) Event(ctx context.Context, id string) (e Event, err error) {
	var at int64
	var more string
	var org iam.OrgID
	err = s.DB.WithContext(ctx).Raw(`SELECT e.id, e.entity_id, e.at, e.source_type, e.source_id, e.source, e.severity, e.description, e.document, d.org_id
FROM agent_events e JOIN devices d ON d.id = e.device_id WHERE e.id = ?`, id).Row().
		Scan(&e.ID, (*string)(&e.Entity), &at, &e.SourceType, &e.SourceID, &e.Source, &e.Severity, &e.Description, &more, (*string)(&org))
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrNoEvent
	}
	if err != nil {
		return e, fmt.Errorf("read event %s: %w", id, err)
	}
	who := audit.ActorFrom(ctx)
	if who.Type == actorType && who.ID != string(e.Entity) || who.Type != actorType && s.Decider.Require(ctx, policies.ReadDevice, org) != nil {
		return Event{}, ErrNoEvent
	}
	e.At, e.More = iam.Time(at), json.RawMessage(more)
	return e, nil
}

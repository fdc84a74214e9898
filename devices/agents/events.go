package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/migrations"
	"halfkey/policies"
)

// An Event is something that happened at an agent, in its own words.
type Event struct {
	ID          string
	Entity      ID
	At          time.Time
	SourceType  string
	SourceID    string
	Source      string
	Severity    int
	Description string
	More        json.RawMessage // what else came with it, as an object; "{}" for nothing
}

// What an event may hold.
const (
	descriptionMost = 2048    // bytes
	moreMost        = 8 << 10 // bytes
	severityMost    = 1000
	// EventsBefore is how far back a list goes that names no time.
	EventsBefore = 7 * 24 * time.Hour
)

// What can be wrong with an event.
var (
	ErrEvent   = fault.New(fault.Malformed, "agent-event", "The event cannot be kept.")
	ErrNoEvent = fault.New(fault.NotFound, "agent-no-event", "There is no such event.")
)

func (e Event) check() error {
	switch {
	case e.At.IsZero():
		return ErrEvent.At("timestamp", "is a time in ISO 8601")
	case !storable(e.SourceType, 0, textMost):
		return ErrEvent.At("sourceType", "has at most 255 bytes")
	case !storable(e.SourceID, 0, textMost):
		return ErrEvent.At("sourceId", "has at most 255 bytes")
	case !storable(e.Source, 0, textMost):
		return ErrEvent.At("source", "has at most 255 bytes")
	case e.Severity < 0 || e.Severity > severityMost:
		return ErrEvent.At("severity", "is a number from 0 to 1000")
	case !storable(e.Description, 0, descriptionMost):
		return ErrEvent.At("description", "has at most 2048 bytes")
	case len(e.More) > moreMost:
		return ErrEvent.At("body", "has more than 8 KiB beside the event's own fields")
	}
	return nil
}

var insertEvent = migrations.SQL(`INSERT INTO agent_events (id, device_id, entity_id, at, source_type, source_id, source, severity, description, document, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)

// Tell keeps an event: an agent's own, or one that somebody writes who manages it.
func (s *Service) Tell(ctx context.Context, e Event) (Event, error) {
	r, err := s.findOwn(ctx, e.Entity, policies.ManageAgent)
	if err != nil {
		return e, err
	}
	if err := e.check(); err != nil {
		return e, err
	}
	if len(e.More) == 0 {
		e.More = json.RawMessage("{}")
	}
	e.ID = newUUID()
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		_, err := insertEvent.Exec(ctx, tx, e.ID, string(r.Device), string(r.ID), iam.Micros(e.At), e.SourceType, e.SourceID, e.Source, e.Severity, e.Description, string(e.More), s.micros())
		return err
	})
	if err != nil {
		return e, fmt.Errorf("event of %s: %w", e.Entity, err)
	}
	if s.Devices.Live != nil {
		s.Devices.Live.Publish(live.Event{Kind: live.Device, Tenant: r.Tenant, Org: r.Org, ID: string(r.Device)})
	}
	return e, nil
}

// An EventQuery picks events. Zero fields let everything through; From and To
// are included.
type EventQuery struct {
	Entity     ID
	From, To   time.Time
	Severity   *int
	Source     string
	SourceType string
	SourceID   string
	Up         bool // oldest first
	Page, Size int
}

// Events are those that the actor may read, an agent its own, with how many there
// are on all pages.
func (s *Service) Events(ctx context.Context, q EventQuery) (list []Event, total int, err error) {
	where, args, err := s.eventsWhere(ctx, q)
	if err != nil || where == "" {
		return nil, 0, err
	}
	db := s.DB.WithContext(ctx)
	const from = " FROM agent_events e JOIN devices d ON d.id = e.device_id WHERE "
	if err := migrations.SQL("SELECT COUNT(*)"+from+where).Row(ctx, db, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count events: %w", err)
	}
	order := " ORDER BY e.at DESC, e.id DESC"
	if q.Up {
		order = " ORDER BY e.at, e.id"
	}
	rows, err := migrations.SQL("SELECT e.id, e.entity_id, e.at, e.source_type, e.source_id, e.source, e.severity, e.description, e.document"+from+where+order+" LIMIT ? OFFSET ?").
		Rows(ctx, db, append(args, q.Size, q.Page*q.Size)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Event
		var at int64
		var more string
		if err := rows.Scan(&e.ID, (*string)(&e.Entity), &at, &e.SourceType, &e.SourceID, &e.Source, &e.Severity, &e.Description, &more); err != nil {
			return nil, 0, fmt.Errorf("list events: %w", err)
		}
		e.At, e.More = iam.Time(at), json.RawMessage(more)
		list = append(list, e)
	}
	return list, total, rows.Err()
}

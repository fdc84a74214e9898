package agents

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/migrations"
)

// A spot is where the values of a point go: a field of a channel, from 1. One
// that is not live keeps the values of a point that is gone.
type spot struct {
	point, source, name, unit, kind string
	channel                         string
	field                           int
	live                            bool
}

var (
	readSpots = migrations.SQL(`SELECT point_id, source, name, unit, type, channel_id, field, live FROM agent_points WHERE agent_id = ? ORDER BY channel_id, field`)
	dropSpots = migrations.SQL(`DELETE FROM agent_points WHERE agent_id = ?`)
	keepSpot  = migrations.SQL(`INSERT INTO agent_points (agent_id, point_id, source, name, unit, type, channel_id, field, live) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
)

func spotsOf(ctx context.Context, tx *gorm.DB, id ID) (list []spot, err error) {
	rows, err := readSpots.Rows(ctx, tx, string(id))
	if err != nil {
		return nil, fmt.Errorf("points of %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var p spot
		if err := rows.Scan(&p.point, &p.source, &p.name, &p.unit, &p.kind, &p.channel, &p.field, &p.live); err != nil {
			return nil, fmt.Errorf("points of %s: %w", id, err)
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// place gives each point of c its spot and writes all spots anew.
func (s *Service) place(ctx context.Context, tx *gorm.DB, r *row, c Sources) (n int, err error) {
	before, err := spotsOf(ctx, tx, r.ID)
	if err != nil {
		return 0, err
	}
	m := newPlan(before, r.Channel)
	for _, source := range c.Sources {
		for _, p := range source.Points {
			m.take(source.Name, p)
			n++
		}
	}
	for _, source := range c.Sources {
		for _, p := range source.Points {
			if m.placed[p.ID] || m.takeNamesake(source.Name, p) {
				continue
			}
			channel := m.roomFor(source.Name)
			if channel == "" {
				if channel, err = s.anotherChannel(ctx, tx, r, source.Name, m.count(source.Name)); err != nil {
					return 0, err
				}
			}
			m.put(channel, source.Name, p)
		}
	}
	if _, err := dropSpots.Exec(ctx, tx, string(r.ID)); err != nil {
		return 0, err
	}
	for _, p := range m.spots {
		if _, err := keepSpot.Exec(ctx, tx, string(r.ID), p.point, p.source, p.name, p.unit, p.kind, p.channel, p.field, p.live); err != nil {
			return 0, fmt.Errorf("place point %s: %w", p.point, err)
		}
	}
	return n, s.nameFields(ctx, tx, m.spots)
}

// anotherChannel makes one for points of a source, beside those that there are.
func (s *Service) anotherChannel(ctx context.Context, tx *gorm.DB, r *row, source string, n int) (string, error) {
	name := r.Name + " · " + source
	if n > 0 {
		name += " " + strconv.Itoa(n+1)
	}
	connector, err := embedded(ctx, tx, r.Org)
	if err != nil {
		return "", err
	}
	more, err := s.Devices.MoreChannels(tx, r.Device)
	if err != nil {
		return "", err
	}
	made, err := s.Channels.Create(ctx, tx, connectors.Wanted{Op: "agent " + string(r.ID) + " " + strconv.Itoa(len(more)+1), Tenant: r.Tenant, Org: r.Org,
		Name: name, Fields: connectors.Agent.Fields()})
	if err != nil {
		return "", err
	}
	return made.ID, s.Devices.AddChannel(tx, r.Device, connector, made.ID)
}

// nameFields writes on each channel what its fields are.
func (s *Service) nameFields(ctx context.Context, tx *gorm.DB, spots []spot) error {
	fields := map[string]*[channels.MaxFields]connectors.Field{}
	for _, p := range spots {
		if fields[p.channel] == nil {
			fields[p.channel] = &[channels.MaxFields]connectors.Field{}
		}
		fields[p.channel][p.field-1] = connectors.Field{Name: p.name, Unit: p.unit}
	}
	for channel, list := range fields {
		if err := s.Channels.SetFields(ctx, tx, channel, list[:]); err != nil {
			return err
		}
	}
	return nil
}

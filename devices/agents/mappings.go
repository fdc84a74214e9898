package agents

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam/fault"
	"halfkey/policies"
)

// A Mapping ties a point to a property of an asset, as the industrial platform
// wants it before it shows values. Ours go into channels anyway; mappings are
// kept for those who ask for them back.
type Mapping struct {
	ID          string `gorm:"column:id" json:"id"`
	Agent       ID     `gorm:"column:agent_id" json:"agentId"`
	Point       string `gorm:"column:point_id" json:"dataPointId"`
	Entity      string `gorm:"column:entity_id" json:"entityId"`
	PropertySet string `gorm:"column:property_set" json:"propertySetName"`
	Property    string `gorm:"column:property" json:"propertyName"`
	Keep        bool   `gorm:"column:keep" json:"keepMapping"`
}

// What can be wrong with a mapping.
var (
	ErrMapping      = fault.New(fault.Malformed, "agent-mapping", "The mapping cannot be kept.")
	ErrMapped       = fault.New(fault.Conflict, "agent-mapped", "There is such a mapping already.")
	ErrNoMapping    = fault.New(fault.NotFound, "agent-no-mapping", "There is no such mapping.")
	mappingsOfAgent = "SELECT id, agent_id, point_id, entity_id, property_set, property, keep FROM agent_mappings WHERE agent_id = ?"
)

// mappingsMost bounds an agent's mappings.
const mappingsMost = 2 * PointsMost

// Map keeps a mapping.
func (s *Service) Map(ctx context.Context, m Mapping) (Mapping, error) {
	if _, err := s.findOwn(ctx, m.Agent, policies.ManageAgent); err != nil {
		return m, err
	}
	for name, text := range map[string]string{"dataPointId": m.Point, "entityId": m.Entity, "propertySetName": m.PropertySet, "propertyName": m.Property} {
		if !storable(text, 1, textMost) {
			return m, ErrMapping.At(name, "has 1 to 255 bytes")
		}
	}
	m.ID = newUUID()
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := hold(ctx, tx, m.Agent); err != nil {
			return err
		}
		var n int
		if err := tx.Raw("SELECT COUNT(*) FROM agent_mappings WHERE agent_id = ?", string(m.Agent)).Row().Scan(&n); err != nil || n >= mappingsMost {
			return errors.Join(err, ErrMapping.At("agentId", "has as many mappings as an agent may have"))
		}
		return tx.Exec(`INSERT INTO agent_mappings (id, agent_id, point_id, entity_id, property_set, property, keep, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			m.ID, string(m.Agent), m.Point, m.Entity, m.PropertySet, m.Property, m.Keep, s.micros()).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return m, ErrMapped
	}
	if err != nil {
		return m, fmt.Errorf("map a point of %s: %w", m.Agent, err)
	}
	return m, nil
}

// Mappings are those of an agent, at most 2000.
func (s *Service) Mappings(ctx context.Context, id ID) (list []Mapping, err error) {
	if _, err := s.findOwn(ctx, id, policies.SeeDevice); err != nil {
		return nil, err
	}
	err = s.DB.WithContext(ctx).Raw(mappingsOfAgent+" ORDER BY id", string(id)).Scan(&list).Error
	return list, err
}

// Unmap drops a mapping.
func (s *Service) Unmap(ctx context.Context, mapping string) error {
	var id ID
	err := s.DB.WithContext(ctx).Raw("SELECT agent_id FROM agent_mappings WHERE id = ?", mapping).Scan(&id).Error
	if err != nil {
		return err
	}
	if id == "" {
		return ErrNoMapping
	}
	if _, err := s.findOwn(ctx, id, policies.ManageAgent); err != nil {
		return ErrNoMapping
	}
	return s.DB.WithContext(ctx).Exec("DELETE FROM agent_mappings WHERE id = ?", mapping).Error
}

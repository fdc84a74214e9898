package agents

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// A Change is what an agent is to be; ETag is the one that its author has seen.
// An empty Network leaves the network profile as it is.
type Change struct {
	Name      string
	Profile   Profile
	Network   string
	NoNetwork bool // take the network profile away
	ETag      int64
}

// Change gives an agent another name or profile. Another profile wants another
// initial token, so an agent that is aboard is ErrOnboarded. Who has seen an
// older one hears ErrETag.
func (s *Service) Change(ctx context.Context, id ID, c Change) (Agent, error) {
	r, err := s.find(ctx, id, policies.ManageAgent)
	if err != nil {
		return Agent{}, err
	}
	name, err := iam.ParseName(c.Name)
	if err != nil {
		return Agent{}, err
	}
	network, err := parseNetwork(c.Network)
	if err != nil {
		return Agent{}, err
	}
	if network == "" && !c.NoNetwork {
		network = r.Network
	}
	other := *r
	other.Profile = c.Profile
	next, err := s.newInitial(&other)
	if err != nil {
		return Agent{}, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		now, err := hold(ctx, tx, id)
		if err != nil {
			return err
		}
		if r = now; r.ETag != c.ETag {
			return ErrETag
		}
		detail := audit.Detail{"agent": id}
		if name != r.Name {
			detail["from"], detail["to"] = r.Name, name
		}
		if c.Profile != r.Profile {
			if r.OnboardedAt != nil {
				return ErrOnboarded
			}
			detail["profile"] = c.Profile
			if err := s.keepInitial(ctx, tx, r, next); err != nil {
				return err
			}
		}
		if err := s.Devices.RenameIn(ctx, tx, r.device(), name); err != nil {
			return err
		}
		if err := tx.Exec("UPDATE agents SET profile = ?, network = ? WHERE id = ?", string(c.Profile), network, string(id)).Error; err != nil {
			return err
		}
		r.Name, r.Profile, r.Network = name, c.Profile, network
		r.ETag++
		return audit.Record(ctx, tx, "agent.change", r.object(), detail)
	})
	if err != nil {
		return Agent{}, fmt.Errorf("change agent %s: %w", id, err)
	}
	s.Devices.Changed(r.device())
	return r.agent(), nil
}

// hold reads the agent and keeps others from changing it until the commit.
func hold(ctx context.Context, tx *gorm.DB, id ID) (*row, error) {
	if err := tx.WithContext(ctx).Exec("UPDATE agents SET epoch = epoch WHERE id = ?", string(id)).Error; err != nil {
		return nil, err
	}
	return read(ctx, tx, id)
}

// Remove takes an agent away with its files and what it said of its sources; its
// device stays as a tombstone. ErrOnboarded for one that is aboard.
func (s *Service) Remove(ctx context.Context, id ID, etag int64) error {
	r, err := s.find(ctx, id, policies.ManageAgent)
	if err != nil {
		return err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		now, err := hold(ctx, tx, id)
		if err != nil {
			return err
		}
		switch r = now; {
		case r.OnboardedAt != nil:
			return ErrOnboarded
		case r.ETag != etag:
			return ErrETag
		}
		for _, table := range []string{"agent_sources", "agent_points", "agent_mappings", "agent_files", "agent_file_parts"} {
			if err := tx.Exec("DELETE FROM "+table+" WHERE agent_id = ?", string(id)).Error; err != nil {
				return err
			}
		}
		for _, table := range []string{"agents", "agent_assets"} {
			if err := tx.Exec("DELETE FROM "+table+" WHERE id = ?", string(id)).Error; err != nil {
				return err
			}
		}
		if _, err := s.Devices.RetireIn(ctx, tx, r.device()); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.remove", r.object(), audit.Detail{"agent": id, "name": r.Name})
	})
	if err != nil {
		return fmt.Errorf("remove agent %s: %w", id, err)
	}
	s.Devices.Changed(r.device())
	return nil
}

// Status is whether the agent is heard just now, and since when it is so.
func (s *Service) Status(ctx context.Context, id ID) (online bool, since int64, err error) {
	r, err := s.findOwn(ctx, id, policies.SeeDevice)
	if err != nil {
		return false, 0, err
	}
	sums, err := s.Channels.Summaries(ctx, []string{r.Channel})
	if err != nil {
		return false, 0, err
	}
	sum := sums[r.Channel]
	switch devices.PresenceOf(r.State, sum.Heard, sum.Interval, s.Now()) {
	case devices.Live, devices.Late:
		return true, iam.Micros(sum.Heard), nil
	}
	if sum.Heard.IsZero() {
		return false, r.CreatedAt, nil
	}
	return false, iam.Micros(sum.Heard), nil
}

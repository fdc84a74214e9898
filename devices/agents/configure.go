package agents

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/policies"
)

var (
	readSources = migrations.SQL(`SELECT etag, document FROM agent_sources WHERE agent_id = ?`)
	keepSources = migrations.SQL(`INSERT INTO agent_sources (agent_id, etag, document, changed_at) VALUES (?, ?, ?, ?)
ON CONFLICT (agent_id) DO UPDATE SET etag = excluded.etag, document = excluded.document, changed_at = excluded.changed_at`)
)

// Sources is the agent's data source configuration, empty until there is one:
// for the agent itself, and for who may see it.
func (s *Service) Sources(ctx context.Context, id ID) (Sources, error) {
	if _, err := s.findOwn(ctx, id, policies.SeeDevice); err != nil {
		return Sources{}, err
	}
	c, _, err := sourcesOf(ctx, s.DB.WithContext(ctx), id)
	return c, err
}

func sourcesOf(ctx context.Context, tx *gorm.DB, id ID) (c Sources, etag int64, err error) {
	var document string
	err = readSources.Row(ctx, tx, string(id)).Scan(&etag, &document)
	if errors.Is(err, sql.ErrNoRows) {
		return Sources{ID: id, ETag: "0", Sources: []Source{}}, 0, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(document), &c)
	}
	if err != nil {
		return c, 0, fmt.Errorf("sources of %s: %w", id, err)
	}
	return c, etag, nil
}

// Configure keeps what the agent says that it will send, and gives every point a
// place in a channel. A point that was there before keeps its place, so that its
// values go on in one line. etag is the one that its author has seen, 0 for
// none; an older one is ErrETag.
func (s *Service) Configure(ctx context.Context, id ID, c Sources, etag int64) (Sources, error) {
	r, err := s.findOwn(ctx, id, policies.ManageAgent)
	if err != nil {
		return Sources{}, err
	}
	if err := c.check(); err != nil {
		return Sources{}, err
	}
	if c.Sources == nil {
		c.Sources = []Source{}
	}
	c.ID, c.ETag = id, strconv.FormatInt(etag+1, 10)
	document, err := json.Marshal(c)
	if err != nil {
		return Sources{}, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if r, err = hold(ctx, tx, id); err != nil {
			return err
		}
		if _, now, err := sourcesOf(ctx, tx, id); err != nil || now != etag {
			return errors.Join(err, ErrETag)
		}
		if _, err := keepSources.Exec(ctx, tx, string(id), etag+1, string(document), s.micros()); err != nil {
			return err
		}
		n, err := s.place(ctx, tx, r, c)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.configure", r.object(), audit.Detail{"agent": id, "configuration": c.Config, "sources": len(c.Sources), "points": n})
	})
	if err != nil {
		return Sources{}, fmt.Errorf("configure %s: %w", id, err)
	}
	s.Devices.Changed(r.device())
	return c, nil
}

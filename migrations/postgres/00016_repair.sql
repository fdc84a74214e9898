-- +goose Up

-- The last calls to the service that a connector speaks to: method and path, which
-- hold no key, what came back, and how long it took, in microseconds. Of each
-- connector only a few are kept.
CREATE TABLE connector_calls (
    connector_id TEXT NOT NULL REFERENCES connectors (id) ON DELETE CASCADE,
    id           TEXT NOT NULL,
    at           BIGINT NOT NULL,
    what         TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    took         BIGINT NOT NULL,
    PRIMARY KEY (connector_id, id)
);

-- When somebody paused or resumed it.
ALTER TABLE connectors ADD COLUMN turned_at BIGINT;

-- What a look at everything that may be broken asks for.
CREATE INDEX connectors_troubled ON connectors (id) WHERE trouble <> '';
CREATE INDEX projections_stuck ON projections (id) WHERE pending <> '' AND error <> '';
CREATE INDEX webhook_calls_failed ON webhook_calls (id) WHERE state = 'failed';

-- +goose Down
DROP INDEX webhook_calls_failed;
DROP INDEX projections_stuck;
DROP INDEX connectors_troubled;
ALTER TABLE connectors DROP COLUMN turned_at;
DROP TABLE connector_calls;

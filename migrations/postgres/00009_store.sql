-- +goose Up

-- What the ThingSpeak door asks beside keys: what anybody may read, and statuses.
CREATE INDEX channels_public ON channels (id) WHERE public;
CREATE INDEX channels_place ON channels (org_id, id);

-- Entries lie in parts by their time, a quarter of a year each, made by the program ahead
-- of time; what has no part of its own lies in the rest. The number of an entry is unique
-- in its channel because it comes from the channel's own counter.
ALTER TABLE feeds RENAME TO feeds_before;
ALTER TABLE feeds_before RENAME CONSTRAINT feeds_pkey TO feeds_before_pkey;
ALTER INDEX feeds_time RENAME TO feeds_before_time;
ALTER INDEX feeds_given_time RENAME TO feeds_before_given_time;
CREATE TABLE feeds (
    channel_id BIGINT NOT NULL,
    entry_id   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    given_time BOOLEAN NOT NULL DEFAULT FALSE,
    field1     TEXT,
    field2     TEXT,
    field3     TEXT,
    field4     TEXT,
    field5     TEXT,
    field6     TEXT,
    field7     TEXT,
    field8     TEXT,
    status     TEXT,
    latitude   TEXT,
    longitude  TEXT,
    elevation  TEXT,
    PRIMARY KEY (channel_id, entry_id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX feeds_time ON feeds (channel_id, created_at);
CREATE UNIQUE INDEX feeds_given_time ON feeds (channel_id, created_at) WHERE given_time;
CREATE INDEX feeds_status ON feeds (channel_id, entry_id) WHERE status IS NOT NULL;
CREATE TABLE feeds_rest PARTITION OF feeds DEFAULT;
INSERT INTO feeds SELECT * FROM feeds_before;
DROP TABLE feeds_before;

-- What many entries of a channel come to, field by field. Level 0 sums up 16 entries by
-- their numbers, each level above twice as many; a part never changes. feed_marks says up
-- to which entry that is done.
CREATE TABLE feed_sums (
    channel_id BIGINT NOT NULL,
    field      INTEGER NOT NULL,
    level      INTEGER NOT NULL,
    part       BIGINT NOT NULL,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT NOT NULL,
    n          BIGINT NOT NULL,
    low        DOUBLE PRECISION NOT NULL,
    high       DOUBLE PRECISION NOT NULL,
    total      DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (channel_id, field, level, part)
);
CREATE TABLE feed_marks (
    channel_id BIGINT PRIMARY KEY,
    summed     BIGINT NOT NULL
);

-- How long the places of an organisation keep their entries, in days; null is for ever.
-- The nearest rule on the way up counts.
CREATE TABLE keep_rules (
    org_id       TEXT PRIMARY KEY REFERENCES orgs (id),
    tenant_id    TEXT NOT NULL,
    entries_days BIGINT,
    sums_days    BIGINT,
    changed_by   TEXT NOT NULL,
    changed_at   BIGINT NOT NULL
);
-- What the last runs of the store's housekeeping did, while they run and afterwards.
CREATE TABLE keep_runs (
    id         TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    ended_at   BIGINT,
    channels   BIGINT NOT NULL,
    done       BIGINT NOT NULL,
    entries    BIGINT NOT NULL,
    sums       BIGINT NOT NULL,
    error      TEXT NOT NULL
);

-- A connector to a service outside: what it was told (secrets sealed), and how it fares.
ALTER TABLE connectors ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE connectors ADD COLUMN secrets_sealed BYTEA;
ALTER TABLE connectors ADD COLUMN fails BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connectors ADD COLUMN retry_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connectors ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE connectors ADD COLUMN trouble_at BIGINT;
ALTER TABLE connectors ADD COLUMN listed_at BIGINT;
ALTER TABLE connectors ADD COLUMN listed BIGINT;
ALTER TABLE connectors ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX connectors_outside ON connectors (id) WHERE secrets_sealed IS NOT NULL;

-- A channel outside as we want it and as we last saw it. Its id marks it there.
CREATE TABLE projections (
    id               TEXT PRIMARY KEY,
    op               TEXT NOT NULL UNIQUE,
    connector_id     TEXT NOT NULL REFERENCES connectors (id),
    tenant_id        TEXT NOT NULL,
    org_id           TEXT NOT NULL,
    state            TEXT NOT NULL,
    name             TEXT NOT NULL,
    fields           TEXT NOT NULL,
    public           BOOLEAN NOT NULL,
    pending          TEXT NOT NULL,
    tries            BIGINT NOT NULL,
    due_at           BIGINT NOT NULL,
    asked_at         BIGINT,
    external_id      TEXT,
    seen             TEXT NOT NULL,
    write_key_sealed BYTEA,
    read_key_sealed  BYTEA,
    key_version      BIGINT NOT NULL,
    key_changed_at   BIGINT,
    synced_at        BIGINT,
    error            TEXT NOT NULL,
    error_at         BIGINT,
    created_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX projections_external ON projections (connector_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX projections_due ON projections (connector_id, due_at) WHERE pending <> '';
CREATE INDEX projections_connector ON projections (connector_id, state);

-- +goose Down
DROP TABLE projections;
DROP INDEX connectors_outside;
ALTER TABLE connectors DROP COLUMN settings;
ALTER TABLE connectors DROP COLUMN secrets_sealed;
ALTER TABLE connectors DROP COLUMN fails;
ALTER TABLE connectors DROP COLUMN retry_at;
ALTER TABLE connectors DROP COLUMN trouble;
ALTER TABLE connectors DROP COLUMN trouble_at;
ALTER TABLE connectors DROP COLUMN listed_at;
ALTER TABLE connectors DROP COLUMN listed;
ALTER TABLE connectors DROP COLUMN lease_until;
DROP TABLE keep_runs;
DROP TABLE keep_rules;
DROP TABLE feed_marks;
DROP TABLE feed_sums;
CREATE TABLE feeds_whole (LIKE feeds INCLUDING DEFAULTS);
INSERT INTO feeds_whole SELECT * FROM feeds;
DROP TABLE feeds;
ALTER TABLE feeds_whole RENAME TO feeds;
ALTER TABLE feeds ADD CONSTRAINT feeds_pkey PRIMARY KEY (channel_id, entry_id);
CREATE INDEX feeds_time ON feeds (channel_id, created_at);
CREATE UNIQUE INDEX feeds_given_time ON feeds (channel_id, created_at) WHERE given_time;
DROP INDEX channels_place;
DROP INDEX channels_public;

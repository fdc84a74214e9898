-- +goose Up

-- A device that came by another door than those of registration keys has none.
ALTER TABLE devices RENAME COLUMN key_id TO former_key_id;
ALTER TABLE devices ADD COLUMN key_id TEXT REFERENCES registration_keys (id);
UPDATE devices SET key_id = former_key_id;
ALTER TABLE devices DROP COLUMN former_key_id;
CREATE UNIQUE INDEX devices_agent_name ON devices (tenant_id, name) WHERE door = 'agent' AND removed_at IS NULL;

-- The channels of a device beside its own: an agent may have more values than one channel takes.
CREATE TABLE device_channels (
    device_id    TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    channel_id   TEXT NOT NULL,
    connector_id TEXT NOT NULL REFERENCES connectors (id),
    PRIMARY KEY (device_id, channel_id)
) WITHOUT ROWID;
CREATE INDEX device_channels_channel ON device_channels (channel_id);

-- What signs our tokens: the platform's keys (tenant '') and those of tenants that want another algorithm.
CREATE TABLE signing_keys (
    kid            TEXT PRIMARY KEY,
    tenant_id      TEXT NOT NULL,
    alg            TEXT NOT NULL,
    public_key     BLOB NOT NULL,
    private_sealed BLOB NOT NULL,
    created_at     BIGINT NOT NULL,
    retired_at     BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (tenant_id) WHERE retired_at IS NULL;

-- How a tenant wants its agents to be treated.
CREATE TABLE agent_terms (
    tenant_id     TEXT PRIMARY KEY,
    size          TEXT NOT NULL,
    alg           TEXT NOT NULL,
    token_seconds BIGINT NOT NULL,
    replays       BOOLEAN NOT NULL,
    changed_at    BIGINT NOT NULL
);

-- Agents: the OAuth side of a device. At most two generations of credentials live at once.
CREATE TABLE agents (
    id             TEXT PRIMARY KEY,
    device_id      TEXT NOT NULL UNIQUE REFERENCES devices (id),
    tenant_id      TEXT NOT NULL,
    ten            TEXT NOT NULL,
    profile        TEXT NOT NULL,
    network        TEXT NOT NULL,
    epoch          BIGINT NOT NULL,
    onboarded_at   BIGINT,
    iat_sealed     BLOB,
    iat_mac        BLOB,
    iat_expires_at BIGINT,
    fetched_at     BIGINT,
    generation     BIGINT NOT NULL,
    rat_mac        BLOB,
    secret_sealed  BLOB,
    public_key     BLOB,
    expires_at     BIGINT,
    proved_at      BIGINT,
    old_generation BIGINT NOT NULL,
    old_rat_mac    BLOB,
    old_secret     BLOB,
    old_public_key BLOB,
    old_expires_at BIGINT
);
CREATE INDEX agents_tenant ON agents (tenant_id, id);
CREATE INDEX agents_expiry ON agents (tenant_id, expires_at) WHERE onboarded_at IS NOT NULL;

-- Assertions that were taken, so that none is taken twice.
CREATE TABLE agent_assertions (
    mac     BLOB PRIMARY KEY,
    ends_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX agent_assertions_end ON agent_assertions (ends_at);

-- What an agent says that it will send, and into which channel and field each point goes.
CREATE TABLE agent_sources (
    agent_id   TEXT PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    etag       BIGINT NOT NULL,
    document   TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE agent_points (
    agent_id   TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    point_id   TEXT NOT NULL,
    source     TEXT NOT NULL,
    name       TEXT NOT NULL,
    unit       TEXT NOT NULL,
    type       TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    field      INTEGER NOT NULL,
    live       BOOLEAN NOT NULL,
    PRIMARY KEY (agent_id, point_id)
) WITHOUT ROWID;
CREATE TABLE agent_mappings (
    id           TEXT PRIMARY KEY,
    agent_id     TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    point_id     TEXT NOT NULL,
    entity_id    TEXT NOT NULL,
    property_set TEXT NOT NULL,
    property     TEXT NOT NULL,
    keep         BOOLEAN NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX agent_mappings_point ON agent_mappings (agent_id, point_id, entity_id, property_set, property);

-- Events that agents and people wrote; they belong to the device for good.
CREATE TABLE agent_events (
    id          TEXT PRIMARY KEY,
    device_id   TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    entity_id   TEXT NOT NULL,
    at          BIGINT NOT NULL,
    source_type TEXT NOT NULL,
    source_id   TEXT NOT NULL,
    source      TEXT NOT NULL,
    severity    INTEGER NOT NULL,
    description TEXT NOT NULL,
    document    TEXT NOT NULL,
    created_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX agent_events_device ON agent_events (device_id, at, id);

-- Files of agents: names here, contents by digest in the folder of files.
CREATE TABLE agent_files (
    agent_id    TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    path        TEXT NOT NULL,
    etag        BIGINT NOT NULL,
    digest      TEXT NOT NULL,
    size        BIGINT NOT NULL,
    type        TEXT NOT NULL,
    description TEXT NOT NULL,
    given_at    BIGINT,
    changed_at  BIGINT NOT NULL,
    PRIMARY KEY (agent_id, path)
) WITHOUT ROWID;
CREATE INDEX agent_files_digest ON agent_files (digest);
CREATE TABLE agent_file_parts (
    agent_id   TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    part       INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    size       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, path, part)
) WITHOUT ROWID;
CREATE INDEX agent_file_parts_digest ON agent_file_parts (digest);
CREATE INDEX agent_file_parts_age ON agent_file_parts (created_at);

-- Assets that the command line makes before the agent that is to stand for one.
CREATE TABLE agent_assets (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    org_id      TEXT NOT NULL REFERENCES orgs (id),
    name        TEXT NOT NULL,
    type_id     TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX agent_assets_org ON agent_assets (org_id, id);

-- +goose Down
DROP TABLE agent_assets;
DROP TABLE agent_file_parts;
DROP TABLE agent_files;
DROP TABLE agent_events;
DROP TABLE agent_mappings;
DROP TABLE agent_points;
DROP TABLE agent_sources;
DROP TABLE agent_assertions;
DROP TABLE agents;
DROP TABLE agent_terms;
DROP TABLE signing_keys;
DROP TABLE device_channels;
DROP INDEX devices_agent_name;

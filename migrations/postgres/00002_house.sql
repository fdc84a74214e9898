-- +goose Up

-- What the installation as a whole has decided: sign-up, base URL, the setup link's hash.
CREATE TABLE settings (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Grows with every change of rights, so that each replica notices one.
CREATE TABLE authz_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO authz_version (id, version) VALUES (1, 1);

-- A tenant's data key, sealed by the keyset.
CREATE TABLE tenant_keys (
    tenant_id  TEXT PRIMARY KEY,
    key_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- The trail, chained per tenant.
CREATE TABLE audit (
    tenant_id   TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    actor_type  TEXT NOT NULL,
    actor_id    TEXT NOT NULL,
    actor_name  TEXT NOT NULL,
    door        TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    verb        TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    org_id      TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    count       BIGINT NOT NULL,
    mac         BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX audit_org ON audit (org_id, seq);
CREATE INDEX audit_object ON audit (object_id, seq);
CREATE TABLE audit_heads (
    tenant_id TEXT PRIMARY KEY,
    seq       BIGINT NOT NULL,
    mac       BYTEA NOT NULL,
    seal      BYTEA NOT NULL
);

-- The tree. The root is the platform; its children are tenants.
CREATE TABLE orgs (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    parent_id  TEXT REFERENCES orgs (id),
    kind       TEXT NOT NULL,
    slug       TEXT NOT NULL,
    name       TEXT NOT NULL,
    state      TEXT NOT NULL,
    valid_from BIGINT,
    valid_to   BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX orgs_slug ON orgs (tenant_id, slug);
CREATE UNIQUE INDEX orgs_tenant_slug ON orgs (slug) WHERE kind = 'tenant';
CREATE INDEX orgs_parent ON orgs (parent_id);
-- The few places that are closed, or were or will be.
CREATE INDEX orgs_limited ON orgs (id) WHERE state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL;
CREATE TABLE org_closure (
    ancestor   TEXT NOT NULL REFERENCES orgs (id),
    descendant TEXT NOT NULL REFERENCES orgs (id),
    depth      INTEGER NOT NULL,
    PRIMARY KEY (ancestor, descendant)
);
CREATE INDEX org_closure_up ON org_closure (descendant, ancestor);

-- People. One login each, wherever they belong.
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    home_org_id   TEXT NOT NULL REFERENCES orgs (id),
    state         TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE TABLE sessions (
    token_hash  BYTEA PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Decisions: who holds which role where, since when, until when, by whom and why.
CREATE TABLE assignments (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id   TEXT NOT NULL,
    role         TEXT NOT NULL,
    org_id       TEXT NOT NULL REFERENCES orgs (id),
    reach        TEXT NOT NULL,
    valid_from   BIGINT,
    valid_to     BIGINT,
    status       TEXT NOT NULL,
    source       TEXT NOT NULL,
    granted_by   TEXT NOT NULL,
    reason       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    ended_at     BIGINT
);
CREATE INDEX assignments_subject ON assignments (subject_id);
CREATE INDEX assignments_org ON assignments (org_id);

CREATE TABLE invitations (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    org_id      TEXT NOT NULL REFERENCES orgs (id),
    email       TEXT NOT NULL,
    role        TEXT NOT NULL,
    token_hash  BYTEA NOT NULL UNIQUE,
    invited_by  TEXT NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_at BIGINT,
    accepted_by TEXT REFERENCES users (id),
    revoked_at  BIGINT
);
CREATE INDEX invitations_org ON invitations (org_id);

CREATE TABLE connectors (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    provider   TEXT NOT NULL,
    name       TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX connectors_org ON connectors (org_id);

-- Registration keys: the first half is found by a keyed hash, both halves are sealed.
CREATE TABLE registration_keys (
    id            TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    org_id        TEXT NOT NULL REFERENCES orgs (id),
    label         TEXT NOT NULL,
    form          TEXT NOT NULL,
    first_mac     BYTEA NOT NULL UNIQUE,
    first_sealed  BYTEA NOT NULL,
    second_sealed BYTEA NOT NULL,
    p2s           BYTEA,
    p2c           BIGINT NOT NULL DEFAULT 0,
    device_kind   TEXT NOT NULL,
    boarding      TEXT NOT NULL,
    reboarding    TEXT NOT NULL,
    simple_door   BOOLEAN NOT NULL,
    not_before    BIGINT,
    expires_at    BIGINT,
    max_uses      BIGINT,
    uses          BIGINT NOT NULL DEFAULT 0,
    state         TEXT NOT NULL,
    retires_at    BIGINT,
    replaces_id   TEXT REFERENCES registration_keys (id),
    created_by    TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE INDEX registration_keys_org ON registration_keys (org_id);
CREATE INDEX registration_keys_replaces ON registration_keys (replaces_id);
CREATE TABLE listed_serials (
    key_id    TEXT NOT NULL REFERENCES registration_keys (id),
    serial    TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    listed_by TEXT NOT NULL,
    PRIMARY KEY (key_id, serial)
);

-- Devices. A removed one stays as a tombstone; its serial may board afresh beside it.
CREATE TABLE devices (
    id             TEXT PRIMARY KEY,
    tenant_id      TEXT NOT NULL,
    org_id         TEXT NOT NULL REFERENCES orgs (id),
    serial         TEXT NOT NULL,
    name           TEXT NOT NULL,
    kind           TEXT NOT NULL,
    model          TEXT NOT NULL,
    firmware       TEXT NOT NULL,
    state          TEXT NOT NULL,
    door           TEXT NOT NULL,
    key_id         TEXT NOT NULL REFERENCES registration_keys (id),
    kid            TEXT NOT NULL UNIQUE,
    secret_sealed  BYTEA NOT NULL,
    waiting_kid    TEXT,
    waiting_sealed BYTEA,
    connector_id   TEXT NOT NULL REFERENCES connectors (id),
    channel_id     TEXT NOT NULL,
    version        BIGINT NOT NULL,
    address        TEXT NOT NULL,
    called_at      BIGINT NOT NULL,
    boarded_at     BIGINT NOT NULL,
    sealed_at      BIGINT NOT NULL,
    boardings      BIGINT NOT NULL,
    removed_at     BIGINT,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX devices_serial ON devices (tenant_id, serial) WHERE removed_at IS NULL;
CREATE INDEX devices_tombstones ON devices (tenant_id, serial) WHERE removed_at IS NOT NULL;
CREATE INDEX devices_org ON devices (org_id, id);
CREATE INDEX devices_tenant ON devices (tenant_id, id);
CREATE INDEX devices_channel ON devices (channel_id);
CREATE INDEX devices_simple ON devices (boarded_at, id) WHERE door = 'simple' AND removed_at IS NULL;
CREATE UNIQUE INDEX devices_waiting_kid ON devices (waiting_kid) WHERE waiting_kid IS NOT NULL;

-- One open question a serial: a stranger that called, or a known device that asks again.
CREATE TABLE join_requests (
    tenant_id  TEXT NOT NULL,
    serial     TEXT NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    key_id     TEXT NOT NULL REFERENCES registration_keys (id),
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    device_id  TEXT REFERENCES devices (id),
    door       TEXT NOT NULL,
    address    TEXT NOT NULL,
    model      TEXT NOT NULL,
    state      TEXT NOT NULL,
    first_at   BIGINT NOT NULL,
    asked_at   BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT,
    PRIMARY KEY (tenant_id, serial)
);
CREATE INDEX join_requests_org ON join_requests (org_id, state);
CREATE INDEX join_requests_key ON join_requests (key_id, state);

-- The embedded channel store.
CREATE TABLE channels (
    id            BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 100001) PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    org_id        TEXT NOT NULL,
    source        TEXT NOT NULL,
    op            TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    description   TEXT,
    fields        TEXT NOT NULL,
    public        BOOLEAN NOT NULL,
    url           TEXT,
    tags          TEXT,
    metadata      TEXT,
    latitude      TEXT,
    longitude     TEXT,
    elevation     TEXT,
    min_gap       BIGINT NOT NULL,
    last_entry_id BIGINT NOT NULL DEFAULT 0,
    last_entry_at BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE INDEX channels_org ON channels (org_id, id) WHERE source = 'account';
CREATE TABLE channel_keys (
    digest     BYTEA PRIMARY KEY,
    id         TEXT NOT NULL,
    channel_id BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    tenant_id  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    label      TEXT NOT NULL,
    user_id    TEXT,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    revoked_at BIGINT
);
CREATE INDEX channel_keys_channel ON channel_keys (channel_id);
CREATE INDEX channel_keys_user ON channel_keys (user_id) WHERE user_id IS NOT NULL;
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
    PRIMARY KEY (channel_id, entry_id)
);
CREATE INDEX feeds_time ON feeds (channel_id, created_at);
-- A time that the client gave is unique in its channel, by the second.
CREATE UNIQUE INDEX feeds_given_time ON feeds (channel_id, created_at) WHERE given_time;
CREATE TABLE account_keys (
    digest     BYTEA PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX account_keys_org ON account_keys (org_id) WHERE revoked_at IS NULL;

-- Counters of limits that replicas share.
CREATE TABLE limits (
    name    TEXT NOT NULL,
    period  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (name, period)
);
CREATE INDEX limits_end ON limits (ends_at);

-- +goose Down
DROP TABLE limits;
DROP TABLE account_keys;
DROP TABLE feeds;
DROP TABLE channel_keys;
DROP TABLE channels;
DROP TABLE join_requests;
DROP TABLE devices;
DROP TABLE listed_serials;
DROP TABLE registration_keys;
DROP TABLE connectors;
DROP TABLE invitations;
DROP TABLE assignments;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE org_closure;
DROP TABLE orgs;
DROP TABLE audit_heads;
DROP TABLE audit;
DROP TABLE tenant_keys;
DROP TABLE authz_version;
DROP TABLE settings;

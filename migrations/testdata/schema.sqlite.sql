CREATE TABLE account_keys (
    digest     BLOB PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX account_keys_org ON account_keys (org_id) WHERE revoked_at IS NULL;
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
CREATE INDEX assignments_org ON assignments (org_id);
CREATE INDEX assignments_subject ON assignments (subject_id);
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
    mac         BLOB NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) WITHOUT ROWID;
CREATE INDEX audit_object ON audit (object_id, seq);
CREATE INDEX audit_org ON audit (org_id, seq);
CREATE TABLE audit_heads (
    tenant_id TEXT PRIMARY KEY,
    seq       BIGINT NOT NULL,
    mac       BLOB NOT NULL,
    seal      BLOB NOT NULL
);
CREATE TABLE authz_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
CREATE TABLE channel_keys (
    digest     BLOB PRIMARY KEY,
    id         TEXT NOT NULL,
    channel_id BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    tenant_id  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    label      TEXT NOT NULL,
    user_id    TEXT,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    revoked_at BIGINT
) WITHOUT ROWID;
CREATE INDEX channel_keys_channel ON channel_keys (channel_id);
CREATE INDEX channel_keys_user ON channel_keys (user_id) WHERE user_id IS NOT NULL;
CREATE TABLE channels (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
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
    secret_sealed  BLOB NOT NULL,
    waiting_kid    TEXT,
    waiting_sealed BLOB,
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
) WITHOUT ROWID;
CREATE INDEX devices_channel ON devices (channel_id);
CREATE INDEX devices_org ON devices (org_id, id);
CREATE UNIQUE INDEX devices_serial ON devices (tenant_id, serial) WHERE removed_at IS NULL;
CREATE INDEX devices_simple ON devices (boarded_at, id) WHERE door = 'simple' AND removed_at IS NULL;
CREATE INDEX devices_tenant ON devices (tenant_id, id);
CREATE INDEX devices_tombstones ON devices (tenant_id, serial) WHERE removed_at IS NOT NULL;
CREATE UNIQUE INDEX devices_waiting_kid ON devices (waiting_kid) WHERE waiting_kid IS NOT NULL;
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
) WITHOUT ROWID;
CREATE UNIQUE INDEX feeds_given_time ON feeds (channel_id, created_at) WHERE given_time;
CREATE INDEX feeds_time ON feeds (channel_id, created_at);
CREATE TABLE invitations (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    org_id      TEXT NOT NULL REFERENCES orgs (id),
    email       TEXT NOT NULL,
    role        TEXT NOT NULL,
    token_hash  BLOB NOT NULL UNIQUE,
    invited_by  TEXT NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_at BIGINT,
    accepted_by TEXT REFERENCES users (id),
    revoked_at  BIGINT
);
CREATE INDEX invitations_org ON invitations (org_id);
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
CREATE INDEX join_requests_key ON join_requests (key_id, state);
CREATE INDEX join_requests_org ON join_requests (org_id, state);
CREATE TABLE limits (
    name    TEXT NOT NULL,
    period  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (name, period)
) WITHOUT ROWID;
CREATE INDEX limits_end ON limits (ends_at);
CREATE TABLE listed_serials (
    key_id    TEXT NOT NULL REFERENCES registration_keys (id),
    serial    TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    listed_by TEXT NOT NULL,
    PRIMARY KEY (key_id, serial)
) WITHOUT ROWID;
CREATE TABLE org_closure (
    ancestor   TEXT NOT NULL REFERENCES orgs (id),
    descendant TEXT NOT NULL REFERENCES orgs (id),
    depth      INTEGER NOT NULL,
    PRIMARY KEY (ancestor, descendant)
) WITHOUT ROWID;
CREATE INDEX org_closure_up ON org_closure (descendant, ancestor);
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
CREATE INDEX orgs_limited ON orgs (id) WHERE state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL;
CREATE INDEX orgs_parent ON orgs (parent_id);
CREATE UNIQUE INDEX orgs_slug ON orgs (tenant_id, slug);
CREATE UNIQUE INDEX orgs_tenant_slug ON orgs (slug) WHERE kind = 'tenant';
CREATE TABLE registration_keys (
    id            TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    org_id        TEXT NOT NULL REFERENCES orgs (id),
    label         TEXT NOT NULL,
    form          TEXT NOT NULL,
    first_mac     BLOB NOT NULL UNIQUE,
    first_sealed  BLOB NOT NULL,
    second_sealed BLOB NOT NULL,
    p2s           BLOB,
    p2c           INTEGER NOT NULL DEFAULT 0,
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
CREATE TABLE sessions (
    token_hash  BLOB PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE settings (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE tenant_keys (
    tenant_id  TEXT PRIMARY KEY,
    key_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    home_org_id   TEXT NOT NULL REFERENCES orgs (id),
    state         TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE account_keys (
    digest     BLOB PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX account_keys_org ON account_keys (org_id);
CREATE TABLE agent_assertions (
    mac     BLOB PRIMARY KEY,
    ends_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX agent_assertions_end ON agent_assertions (ends_at);
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
CREATE TABLE agent_file_parts (
    agent_id   TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    part       INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    size       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, path, part)
) WITHOUT ROWID;
CREATE INDEX agent_file_parts_age ON agent_file_parts (created_at);
CREATE INDEX agent_file_parts_digest ON agent_file_parts (digest);
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
CREATE TABLE agent_sources (
    agent_id   TEXT PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    etag       BIGINT NOT NULL,
    document   TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE agent_terms (
    tenant_id     TEXT PRIMARY KEY,
    size          TEXT NOT NULL,
    alg           TEXT NOT NULL,
    token_seconds BIGINT NOT NULL,
    replays       BOOLEAN NOT NULL,
    changed_at    BIGINT NOT NULL
);
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
CREATE TABLE api_tokens (
    token_hash   BLOB PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id   TEXT NOT NULL,
    label        TEXT NOT NULL,
    hint         TEXT NOT NULL,
    cut_role     TEXT NOT NULL,
    cut_org_id   TEXT REFERENCES orgs (id),
    assurance    INTEGER NOT NULL,
    not_before   BIGINT NOT NULL,
    not_after    BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    used_at      BIGINT,
    revoked_at   BIGINT,
    revoked_by   TEXT
) WITHOUT ROWID;
CREATE INDEX api_tokens_subject ON api_tokens (subject_id, id);
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
, device_id TEXT, delegated_from TEXT REFERENCES assignments (id), ended_by TEXT, end_reason TEXT);
CREATE INDEX assignments_custom ON assignments (tenant_id, role) WHERE role LIKE 'custom:%';
CREATE INDEX assignments_device ON assignments (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX assignments_expiry ON assignments (valid_to) WHERE valid_to IS NOT NULL AND ended_at IS NULL;
CREATE INDEX assignments_lent ON assignments (delegated_from) WHERE delegated_from IS NOT NULL;
CREATE INDEX assignments_offered ON assignments (subject_id) WHERE status = 'offered';
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
CREATE INDEX audit_actor ON audit (tenant_id, actor_id, seq);
CREATE INDEX audit_object ON audit (tenant_id, object_id, seq);
CREATE INDEX audit_org ON audit (tenant_id, org_id, seq);
CREATE INDEX audit_verb ON audit (tenant_id, verb, seq);
CREATE TABLE audit_checks (
    tenant_id TEXT PRIMARY KEY,
    state     TEXT NOT NULL,
    asked_by  TEXT NOT NULL,
    asked_at  BIGINT NOT NULL,
    ended_at  BIGINT,
    lines     BIGINT NOT NULL,
    bad_seq   BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    what      TEXT NOT NULL
);
CREATE TABLE audit_exports (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL,
    format     TEXT NOT NULL,
    filter     TEXT NOT NULL,
    state      TEXT NOT NULL,
    at_seq     BIGINT NOT NULL,
    last_seq   BIGINT NOT NULL,
    lines      BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,
    signature  TEXT NOT NULL,
    asked_by   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX audit_exports_expiry ON audit_exports (expires_at);
CREATE INDEX audit_exports_tenant ON audit_exports (tenant_id, id);
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
CREATE TABLE bulk_errors (
    run_id TEXT NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
    item   BIGINT NOT NULL,
    line   BIGINT,
    field  TEXT NOT NULL,
    thing  TEXT NOT NULL,
    code   TEXT NOT NULL,
    what   TEXT NOT NULL,
    PRIMARY KEY (run_id, item)
) WITHOUT ROWID;
CREATE TABLE bulk_runs (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL,
    act        TEXT NOT NULL,
    actor_type TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    state      TEXT NOT NULL,
    total      BIGINT NOT NULL,
    done       BIGINT NOT NULL,
    failed     BIGINT NOT NULL,
    sealed     BLOB,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX bulk_runs_actor ON bulk_runs (actor_id, id);
CREATE INDEX bulk_runs_ended ON bulk_runs (ended_at) WHERE ended_at IS NOT NULL;
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
, ends_at BIGINT, until_used BOOLEAN NOT NULL DEFAULT FALSE, named BOOLEAN NOT NULL DEFAULT FALSE) WITHOUT ROWID;
CREATE INDEX channel_keys_channel ON channel_keys (channel_id);
CREATE INDEX channel_keys_ending ON channel_keys (ends_at) WHERE ends_at IS NOT NULL AND revoked_at IS NULL;
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
CREATE INDEX channels_place ON channels (org_id, id);
CREATE INDEX channels_public ON channels (id) WHERE public;
CREATE TABLE connector_calls (
    connector_id TEXT NOT NULL REFERENCES connectors (id) ON DELETE CASCADE,
    id           TEXT NOT NULL,
    at           BIGINT NOT NULL,
    what         TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    took         BIGINT NOT NULL,
    PRIMARY KEY (connector_id, id)
) WITHOUT ROWID;
CREATE TABLE connectors (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    provider   TEXT NOT NULL,
    name       TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at BIGINT NOT NULL
, settings TEXT NOT NULL DEFAULT '{}', secrets_sealed BLOB, fails BIGINT NOT NULL DEFAULT 0, retry_at BIGINT NOT NULL DEFAULT 0, trouble TEXT NOT NULL DEFAULT '', trouble_at BIGINT, listed_at BIGINT, listed BIGINT, lease_until BIGINT NOT NULL DEFAULT 0, turned_at BIGINT);
CREATE INDEX connectors_org ON connectors (org_id);
CREATE INDEX connectors_outside ON connectors (id) WHERE secrets_sealed IS NOT NULL;
CREATE INDEX connectors_troubled ON connectors (id) WHERE trouble <> '';
CREATE TABLE custom_roles (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES orgs (id),
    name       TEXT NOT NULL,
    sets       TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE UNIQUE INDEX custom_roles_name ON custom_roles (tenant_id, name) WHERE ended_at IS NULL;
CREATE TABLE device_channels (
    device_id    TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    channel_id   TEXT NOT NULL,
    connector_id TEXT NOT NULL REFERENCES connectors (id),
    PRIMARY KEY (device_id, channel_id)
) WITHOUT ROWID;
CREATE INDEX device_channels_channel ON device_channels (channel_id);
CREATE TABLE device_watch (
    device_id    TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    tenant_id    TEXT NOT NULL,
    due_at       BIGINT NOT NULL,
    silent_since BIGINT
) WITHOUT ROWID;
CREATE INDEX device_watch_due ON device_watch (due_at);
CREATE INDEX device_watch_tenant ON device_watch (tenant_id);
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
, key_id TEXT REFERENCES registration_keys (id)) WITHOUT ROWID;
CREATE UNIQUE INDEX devices_agent_name ON devices (tenant_id, name) WHERE door = 'agent' AND removed_at IS NULL;
CREATE INDEX devices_channel ON devices (channel_id);
CREATE INDEX devices_org ON devices (org_id, id);
CREATE UNIQUE INDEX devices_serial ON devices (tenant_id, serial) WHERE removed_at IS NULL;
CREATE INDEX devices_simple ON devices (boarded_at, id) WHERE door = 'simple' AND removed_at IS NULL;
CREATE INDEX devices_tenant ON devices (tenant_id, id);
CREATE INDEX devices_tombstones ON devices (tenant_id, serial) WHERE removed_at IS NOT NULL;
CREATE UNIQUE INDEX devices_waiting_kid ON devices (waiting_kid) WHERE waiting_kid IS NOT NULL;
CREATE TABLE embeds (
    token_mac  BLOB PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    tenant_id  TEXT NOT NULL,
    device_id  TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    label      TEXT NOT NULL,
    span       TEXT NOT NULL,
    made_by    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    revoked_at BIGINT
) WITHOUT ROWID;
CREATE INDEX embeds_device ON embeds (device_id);
CREATE TABLE feed_marks (
    channel_id BIGINT PRIMARY KEY,
    summed     BIGINT NOT NULL
);
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
) WITHOUT ROWID;
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
CREATE INDEX feeds_status ON feeds (channel_id, entry_id) WHERE status IS NOT NULL;
CREATE INDEX feeds_time ON feeds (channel_id, created_at);
CREATE TABLE idempotency (
    key_hash     BLOB PRIMARY KEY,
    id           TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    request_id   TEXT NOT NULL,
    status       INTEGER NOT NULL,
    sealed       BLOB,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
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
, mailed_at BIGINT, source TEXT NOT NULL DEFAULT 'invite', device_id TEXT, valid_to BIGINT, reason TEXT NOT NULL DEFAULT '', delegated_from TEXT, reach TEXT NOT NULL DEFAULT 'subtree');
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
CREATE TABLE keep_rules (
    org_id       TEXT PRIMARY KEY REFERENCES orgs (id),
    tenant_id    TEXT NOT NULL,
    entries_days BIGINT,
    sums_days    BIGINT,
    changed_by   TEXT NOT NULL,
    changed_at   BIGINT NOT NULL
);
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
CREATE TABLE key_terms (
    org_id   TEXT PRIMARY KEY REFERENCES orgs (id),
    max_days INTEGER NOT NULL,
    set_by   TEXT NOT NULL,
    set_at   BIGINT NOT NULL
);
CREATE TABLE known_browsers (
    user_id      TEXT NOT NULL REFERENCES users (id),
    browser_hash BLOB NOT NULL,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (user_id, browser_hash)
) WITHOUT ROWID;
CREATE INDEX known_browsers_seen ON known_browsers (seen_at);
CREATE TABLE letters (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL,
    sealed     BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX letters_end ON letters (expires_at);
CREATE TABLE limits (
    name    TEXT NOT NULL,
    period  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (name, period)
) WITHOUT ROWID;
CREATE INDEX limits_end ON limits (ends_at);
CREATE TABLE links (
    token_hash BLOB PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    purpose    TEXT NOT NULL,
    user_id    TEXT REFERENCES users (id),
    email      TEXT NOT NULL,
    mailed     BOOLEAN NOT NULL,
    made_by    TEXT NOT NULL,
    sealed     BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
) WITHOUT ROWID;
CREATE INDEX links_expiry ON links (expires_at);
CREATE INDEX links_user ON links (user_id, purpose) WHERE used_at IS NULL;
CREATE TABLE listed_serials (
    key_id    TEXT NOT NULL REFERENCES registration_keys (id),
    serial    TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    listed_by TEXT NOT NULL,
    PRIMARY KEY (key_id, serial)
) WITHOUT ROWID;
CREATE TABLE looks (
    id         TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id),
    through_id TEXT NOT NULL REFERENCES users (id),
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    reason     TEXT NOT NULL,
    began_at   BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX looks_session ON looks (session_id) WHERE ended_at IS NULL;
CREATE TABLE muted (
    user_id TEXT NOT NULL REFERENCES users (id),
    kind    TEXT NOT NULL,
    PRIMARY KEY (user_id, kind)
) WITHOUT ROWID;
CREATE TABLE notices (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    kind         TEXT NOT NULL,
    detail       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    dismissed_at BIGINT
);
CREATE INDEX notices_user ON notices (user_id, id) WHERE dismissed_at IS NULL;
CREATE TABLE oidc_domains (
    domain    TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES oidc_providers (tenant_id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX oidc_domains_tenant ON oidc_domains (tenant_id);
CREATE TABLE oidc_identities (
    tenant_id TEXT NOT NULL,
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    user_id   TEXT NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, issuer, subject)
) WITHOUT ROWID;
CREATE INDEX oidc_identities_user ON oidc_identities (user_id);
CREATE TABLE oidc_providers (
    tenant_id     TEXT PRIMARY KEY REFERENCES orgs (id),
    issuer        TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    role          TEXT NOT NULL,
    changed_by    TEXT NOT NULL,
    changed_at    BIGINT NOT NULL
);
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
, private BOOLEAN NOT NULL DEFAULT FALSE, member_role TEXT NOT NULL DEFAULT 'member', min_credential TEXT NOT NULL DEFAULT 'any', version BIGINT NOT NULL DEFAULT 1, external_id TEXT, rotate_read_keys TEXT NOT NULL DEFAULT 'exposed');
CREATE INDEX orgs_external ON orgs (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX orgs_limited ON orgs (id) WHERE state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL OR private OR min_credential <> 'any';
CREATE INDEX orgs_parent ON orgs (parent_id);
CREATE UNIQUE INDEX orgs_slug ON orgs (tenant_id, slug);
CREATE INDEX orgs_tenant_name ON orgs (lower(name), id) WHERE kind = 'tenant';
CREATE UNIQUE INDEX orgs_tenant_slug ON orgs (slug) WHERE kind = 'tenant';
CREATE TABLE passkeys (
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id),
    credential_id BLOB NOT NULL UNIQUE,
    public_key    BLOB NOT NULL,
    flags         INTEGER NOT NULL,
    sign_count    BIGINT NOT NULL,
    aaguid        BLOB NOT NULL,
    transports    TEXT NOT NULL,
    name          TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT,
    copied_at     BIGINT
);
CREATE INDEX passkeys_user ON passkeys (user_id);
CREATE TABLE policies (
    role       TEXT NOT NULL,
    object     TEXT NOT NULL,
    act        TEXT NOT NULL,
    effect     TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   BIGINT NOT NULL,
    PRIMARY KEY (role, object, act)
) WITHOUT ROWID;
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
    write_key_sealed BLOB,
    read_key_sealed  BLOB,
    key_version      BIGINT NOT NULL,
    key_changed_at   BIGINT,
    synced_at        BIGINT,
    error            TEXT NOT NULL,
    error_at         BIGINT,
    created_at       BIGINT NOT NULL
, read_at BIGINT, read_tried_at BIGINT, read_due_at BIGINT NOT NULL DEFAULT 0, read_upto BIGINT NOT NULL DEFAULT 0, read_newest BIGINT NOT NULL DEFAULT 0, read_error TEXT NOT NULL DEFAULT '');
CREATE INDEX projections_connector ON projections (connector_id, state);
CREATE INDEX projections_due ON projections (connector_id, due_at) WHERE pending <> '';
CREATE UNIQUE INDEX projections_external ON projections (connector_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX projections_read ON projections (read_due_at) WHERE state IN ('ready', 'held');
CREATE INDEX projections_stuck ON projections (id) WHERE pending <> '' AND error <> '';
CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id),
    code_hash  BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, code_hash)
) WITHOUT ROWID;
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
CREATE TABLE review_items (
    id           TEXT PRIMARY KEY,
    review_id    TEXT NOT NULL REFERENCES reviews (id),
    org_id       TEXT NOT NULL REFERENCES orgs (id),
    what         TEXT NOT NULL,
    ref          TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id   TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    role         TEXT NOT NULL,
    source       TEXT NOT NULL,
    target       TEXT NOT NULL,
    since        BIGINT NOT NULL,
    until        BIGINT,
    used_at      BIGINT,
    decision     TEXT NOT NULL,
    reason       TEXT NOT NULL,
    decided_by   TEXT NOT NULL,
    decided_at   BIGINT,
    failure      TEXT NOT NULL
);
CREATE INDEX review_items_org ON review_items (org_id) WHERE decision = '';
CREATE UNIQUE INDEX review_items_ref ON review_items (review_id, what, ref);
CREATE TABLE reviews (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    org_id      TEXT NOT NULL REFERENCES orgs (id),
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    roles       TEXT NOT NULL,
    undecided   TEXT NOT NULL,
    made_by     TEXT NOT NULL REFERENCES users (id),
    made_at     BIGINT NOT NULL,
    due_at      BIGINT,
    reminded_at BIGINT,
    closed_at   BIGINT
);
CREATE INDEX reviews_due ON reviews (due_at) WHERE closed_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX reviews_org ON reviews (org_id, id);
CREATE INDEX reviews_tenant ON reviews (tenant_id, id);
CREATE TABLE service_accounts (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    name       TEXT NOT NULL,
    owner_id   TEXT NOT NULL REFERENCES users (id),
    made_by    TEXT NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT,
    ended_by   TEXT
);
CREATE INDEX service_accounts_org ON service_accounts (org_id, id);
CREATE INDEX service_accounts_owner ON service_accounts (owner_id);
CREATE TABLE sessions (
    token_hash  BLOB PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL
, id TEXT NOT NULL DEFAULT '', method TEXT NOT NULL DEFAULT 'password') WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE UNIQUE INDEX sessions_id ON sessions (id);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE settings (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
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
CREATE INDEX signing_keys_tenant ON signing_keys (tenant_id);
CREATE TABLE silence_wishes (
    user_id    TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE spent_tickets (
    hash    BLOB PRIMARY KEY,
    ends_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_tickets_end ON spent_tickets (ends_at);
CREATE TABLE tenant_keys (
    tenant_id  TEXT PRIMARY KEY,
    key_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE totp (
    user_id       TEXT PRIMARY KEY REFERENCES users (id),
    tenant_id     TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    last_step     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE TABLE transfers (
    id           TEXT PRIMARY KEY,
    device_id    TEXT NOT NULL REFERENCES devices (id),
    tenant_id    TEXT NOT NULL,
    org_id       TEXT NOT NULL REFERENCES orgs (id),
    to_tenant_id TEXT NOT NULL REFERENCES orgs (id),
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    offered_by   TEXT NOT NULL REFERENCES users (id),
    offered_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    decided_by   TEXT,
    decided_at   BIGINT,
    became_id    TEXT REFERENCES devices (id)
);
CREATE INDEX transfers_from ON transfers (tenant_id, id);
CREATE UNIQUE INDEX transfers_open ON transfers (device_id) WHERE state = 'offered';
CREATE INDEX transfers_to ON transfers (to_tenant_id, id);
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    home_org_id   TEXT NOT NULL REFERENCES orgs (id),
    state         TEXT NOT NULL,
    created_at    BIGINT NOT NULL
, password_short INTEGER NOT NULL DEFAULT 0, email_confirmed_at BIGINT, external_id TEXT, user_name TEXT, given_name TEXT NOT NULL DEFAULT '', family_name TEXT NOT NULL DEFAULT '', version BIGINT NOT NULL DEFAULT 1, changed_at BIGINT, disabled_at BIGINT, disabled_by TEXT);
CREATE INDEX users_external ON users (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX users_home ON users (home_org_id, id);
CREATE INDEX users_name ON users (lower(name), id);
CREATE INDEX users_named ON users (user_name) WHERE user_name IS NOT NULL;
CREATE TABLE watch_marks (
    tenant_id TEXT PRIMARY KEY,
    upto      TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE webhook_calls (
    id         TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    answer     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tried_at   BIGINT
);
CREATE INDEX webhook_calls_created ON webhook_calls (created_at);
CREATE INDEX webhook_calls_dead ON webhook_calls (webhook_id, tried_at) WHERE state = 'failed';
CREATE INDEX webhook_calls_failed ON webhook_calls (id) WHERE state = 'failed';
CREATE INDEX webhook_calls_hook ON webhook_calls (webhook_id, created_at);
CREATE TABLE webhooks (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    host       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    made_by    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX webhooks_org ON webhooks (org_id) WHERE removed_at IS NULL;

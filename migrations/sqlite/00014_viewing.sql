-- +goose Up

-- A write key that another has taken the place of: good until a moment, or until
-- the newer one has been used.
ALTER TABLE channel_keys ADD COLUMN ends_at BIGINT;
ALTER TABLE channel_keys ADD COLUMN until_used BOOLEAN NOT NULL DEFAULT FALSE;
-- A read key beside a person's own one, which he named after what reads with it.
ALTER TABLE channel_keys ADD COLUMN named BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX channel_keys_ending ON channel_keys (ends_at) WHERE ends_at IS NOT NULL AND revoked_at IS NULL;

-- Links that show a device's chart inside another page; the token itself is kept
-- nowhere. A link is as good as the right of the person who made it.
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

-- Who wants to be told when a device falls silent.
CREATE TABLE silence_wishes (
    user_id    TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;

-- Devices that somebody wants to hear about: when to look at each next. A mark is
-- the newest device of a tenant that is among them.
CREATE TABLE watch_marks (
    tenant_id TEXT PRIMARY KEY,
    upto      TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE device_watch (
    device_id    TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    tenant_id    TEXT NOT NULL,
    due_at       BIGINT NOT NULL,
    silent_since BIGINT
) WITHOUT ROWID;
CREATE INDEX device_watch_due ON device_watch (due_at);
CREATE INDEX device_watch_tenant ON device_watch (tenant_id);

-- Addresses of an organisation that are told what happens. Address and secret
-- are sealed, for an address can be a permission by itself.
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
CREATE INDEX webhook_calls_hook ON webhook_calls (webhook_id, created_at);
CREATE INDEX webhook_calls_created ON webhook_calls (created_at);

-- +goose Down
DROP TABLE webhook_calls;
DROP TABLE webhooks;
DROP TABLE device_watch;
DROP TABLE watch_marks;
DROP TABLE silence_wishes;
DROP TABLE embeds;
DROP INDEX channel_keys_ending;
ALTER TABLE channel_keys DROP COLUMN named;
ALTER TABLE channel_keys DROP COLUMN until_used;
ALTER TABLE channel_keys DROP COLUMN ends_at;

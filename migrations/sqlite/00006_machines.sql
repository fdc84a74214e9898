-- +goose Up

-- Programs that act by themselves. Each belongs to an organisation and has an
-- owner, a person who answers for it; what it may do, assignments say.
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

-- What a service account, or a person's program, shows instead of a sign-in.
-- Found by a keyed hash; a person's may be cut to less than he may himself.
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

-- What a directory that keeps people by SCIM calls them and says of them.
ALTER TABLE users ADD COLUMN external_id TEXT;
ALTER TABLE users ADD COLUMN user_name TEXT;
ALTER TABLE users ADD COLUMN given_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN family_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN changed_at BIGINT;
-- A person who is switched off (state disabled) is let in nowhere.
ALTER TABLE users ADD COLUMN disabled_at BIGINT;
ALTER TABLE users ADD COLUMN disabled_by TEXT;
CREATE INDEX users_home ON users (home_org_id, id);
CREATE INDEX users_external ON users (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX users_named ON users (user_name) WHERE user_name IS NOT NULL;
ALTER TABLE orgs ADD COLUMN external_id TEXT;
CREATE INDEX orgs_external ON orgs (external_id) WHERE external_id IS NOT NULL;

-- +goose Down
DROP INDEX orgs_external;
ALTER TABLE orgs DROP COLUMN external_id;
DROP INDEX users_named;
DROP INDEX users_external;
DROP INDEX users_home;
ALTER TABLE users DROP COLUMN disabled_by;
ALTER TABLE users DROP COLUMN disabled_at;
ALTER TABLE users DROP COLUMN changed_at;
ALTER TABLE users DROP COLUMN version;
ALTER TABLE users DROP COLUMN family_name;
ALTER TABLE users DROP COLUMN given_name;
ALTER TABLE users DROP COLUMN user_name;
ALTER TABLE users DROP COLUMN external_id;
DROP TABLE api_tokens;
DROP TABLE service_accounts;

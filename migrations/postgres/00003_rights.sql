-- +goose Up

-- A private place is not looked into from above, but by its owners and auditors.
-- What its members get, and how well they must have proved themselves, a place says itself.
ALTER TABLE orgs ADD COLUMN private BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE orgs ADD COLUMN member_role TEXT NOT NULL DEFAULT 'member';
ALTER TABLE orgs ADD COLUMN min_credential TEXT NOT NULL DEFAULT 'any';
ALTER TABLE orgs ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
DROP INDEX orgs_limited;
-- The few places about which more is to be asked than where they lie.
CREATE INDEX orgs_limited ON orgs (id) WHERE state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL OR private OR min_credential <> 'any';

-- A role may reach one device alone, may lean on the role of whom its holder stands in for,
-- and may be an organisation's: then whoever holds a role there has it.
ALTER TABLE assignments ADD COLUMN device_id TEXT;
ALTER TABLE assignments ADD COLUMN delegated_from TEXT REFERENCES assignments (id);
ALTER TABLE assignments ADD COLUMN ended_by TEXT;
ALTER TABLE assignments ADD COLUMN end_reason TEXT;
CREATE INDEX assignments_device ON assignments (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX assignments_lent ON assignments (delegated_from) WHERE delegated_from IS NOT NULL;
CREATE INDEX assignments_expiry ON assignments (valid_to) WHERE valid_to IS NOT NULL AND ended_at IS NULL;

-- A tenant's own roles: bundles of the catalogue's permission sets, by a space.
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

-- What the platform administrator has added to the rules that come with the program.
CREATE TABLE policies (
    role       TEXT NOT NULL,
    object     TEXT NOT NULL,
    act        TEXT NOT NULL,
    effect     TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   BIGINT NOT NULL,
    PRIMARY KEY (role, object, act)
);

-- +goose Down
DROP TABLE policies;
DROP TABLE custom_roles;
DROP INDEX assignments_expiry;
DROP INDEX assignments_lent;
DROP INDEX assignments_device;
ALTER TABLE assignments DROP COLUMN end_reason;
ALTER TABLE assignments DROP COLUMN ended_by;
ALTER TABLE assignments DROP COLUMN delegated_from;
ALTER TABLE assignments DROP COLUMN device_id;
DROP INDEX orgs_limited;
CREATE INDEX orgs_limited ON orgs (id) WHERE state <> 'active' OR valid_from IS NOT NULL OR valid_to IS NOT NULL;
ALTER TABLE orgs DROP COLUMN version;
ALTER TABLE orgs DROP COLUMN min_credential;
ALTER TABLE orgs DROP COLUMN member_role;
ALTER TABLE orgs DROP COLUMN private;

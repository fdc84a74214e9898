-- +goose Up

-- What happens to the read keys of a place that are nobody's own when somebody
-- loses sight of it: always, exposed (changed where he has seen them), or ask.
ALTER TABLE orgs ADD COLUMN rotate_read_keys TEXT NOT NULL DEFAULT 'exposed';

-- An invitation may carry a share: to a place or one device, until some time.
ALTER TABLE invitations ADD COLUMN source TEXT NOT NULL DEFAULT 'invite';
ALTER TABLE invitations ADD COLUMN device_id TEXT;
ALTER TABLE invitations ADD COLUMN valid_to BIGINT;
ALTER TABLE invitations ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- What was offered to somebody and waits for his word.
CREATE INDEX assignments_offered ON assignments (subject_id) WHERE status = 'offered';

-- A device that is sold: it changes hands when the other tenant accepts.
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
CREATE UNIQUE INDEX transfers_open ON transfers (device_id) WHERE state = 'offered';
CREATE INDEX transfers_from ON transfers (tenant_id, id);
CREATE INDEX transfers_to ON transfers (to_tenant_id, id);

-- +goose Down
DROP TABLE transfers;
DROP INDEX assignments_offered;
ALTER TABLE invitations DROP COLUMN reason;
ALTER TABLE invitations DROP COLUMN valid_to;
ALTER TABLE invitations DROP COLUMN device_id;
ALTER TABLE invitations DROP COLUMN source;
ALTER TABLE orgs DROP COLUMN rotate_read_keys;

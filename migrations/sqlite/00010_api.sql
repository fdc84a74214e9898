-- +goose Up

-- What was answered to a request that may come again: by a keyed hash of who
-- asked and what he called it. The answer is sealed, for it may hold a secret
-- that is shown once; it is empty while the first request is at work.
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

-- Deeds on many things at once, done one after another by a job. What was asked
-- for lies sealed until the run has ended.
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

-- What of a run did not come to anything, and why. A line of a file counts from 1.
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

-- +goose Down
DROP TABLE bulk_errors;
DROP TABLE bulk_runs;
DROP TABLE idempotency;

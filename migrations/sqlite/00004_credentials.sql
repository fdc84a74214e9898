-- +goose Up

-- A session has an id of its own, so that its owner can end it from elsewhere,
-- and remembers how it was opened. Those that are open keep on.
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
UPDATE sessions SET id = lower(hex(substr(token_hash, 1, 10)));
CREATE UNIQUE INDEX sessions_id ON sessions (id);

-- 1: too short to be the only thing that its owner is asked for.
ALTER TABLE users ADD COLUMN password_short INTEGER NOT NULL DEFAULT 0;

-- Passkeys: what tells a person's authenticator from another's. Nothing secret.
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

-- Promises of ours that were kept: each is good once, on whatever replica.
CREATE TABLE spent_tickets (
    hash    BLOB PRIMARY KEY,
    ends_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_tickets_end ON spent_tickets (ends_at);

-- The second factor of somebody who signs in with a password: an app's secret,
-- and the newest half minute for which a code was taken.
CREATE TABLE totp (
    user_id       TEXT PRIMARY KEY REFERENCES users (id),
    tenant_id     TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    last_step     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id),
    code_hash  BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, code_hash)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE recovery_codes;
DROP TABLE totp;
DROP TABLE spent_tickets;
DROP TABLE passkeys;
ALTER TABLE users DROP COLUMN password_short;
DROP INDEX sessions_id;
ALTER TABLE sessions DROP COLUMN method;
ALTER TABLE sessions DROP COLUMN id;

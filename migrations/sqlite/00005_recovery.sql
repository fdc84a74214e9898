-- +goose Up

-- When a link that was mailed to a person's address was opened; NULL: nobody knows that it is his.
ALTER TABLE users ADD COLUMN email_confirmed_at BIGINT;
-- The link went out by mail and was shown to nobody, so that whoever holds it reads that address's mail.
ALTER TABLE invitations ADD COLUMN mailed_at BIGINT;

-- Links that are the permission: each opens one thing, once, for a while. The token is stored as a keyed hash.
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
CREATE INDEX links_user ON links (user_id, purpose) WHERE used_at IS NULL;
CREATE INDEX links_expiry ON links (expires_at);

-- Mail on its way. What it says lies sealed, and is gone once it was sent, given up or came too late.
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

-- What a person is told on his home page until he puts it away.
CREATE TABLE notices (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    kind         TEXT NOT NULL,
    detail       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    dismissed_at BIGINT
);
CREATE INDEX notices_user ON notices (user_id, id) WHERE dismissed_at IS NULL;

-- Kinds of mail that a person does not want.
CREATE TABLE muted (
    user_id TEXT NOT NULL REFERENCES users (id),
    kind    TEXT NOT NULL,
    PRIMARY KEY (user_id, kind)
) WITHOUT ROWID;

-- Browsers in which a person has signed in: a keyed hash of a token that the browser keeps.
CREATE TABLE known_browsers (
    user_id      TEXT NOT NULL REFERENCES users (id),
    browser_hash BLOB NOT NULL,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (user_id, browser_hash)
) WITHOUT ROWID;
CREATE INDEX known_browsers_seen ON known_browsers (seen_at);

-- Where a tenant's people may sign in besides here, and who they are there.
CREATE TABLE oidc_providers (
    tenant_id     TEXT PRIMARY KEY REFERENCES orgs (id),
    issuer        TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    role          TEXT NOT NULL,
    changed_by    TEXT NOT NULL,
    changed_at    BIGINT NOT NULL
);
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

-- +goose Down
DROP TABLE oidc_identities;
DROP TABLE oidc_domains;
DROP TABLE oidc_providers;
DROP TABLE known_browsers;
DROP TABLE muted;
DROP TABLE notices;
DROP TABLE letters;
DROP TABLE links;
ALTER TABLE invitations DROP COLUMN mailed_at;
ALTER TABLE users DROP COLUMN email_confirmed_at;

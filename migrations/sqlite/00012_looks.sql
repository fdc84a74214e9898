-- +goose Up

-- Who looks through whose eyes, in which place, why and for how long; one at a
-- time in one browser.
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

-- +goose Down
DROP TABLE looks;

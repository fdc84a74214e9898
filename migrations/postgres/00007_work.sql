-- +goose Up

-- The trail is read by place, by what it is about, by who did it and by what was done; each within a tenant.
DROP INDEX audit_org;
DROP INDEX audit_object;
CREATE INDEX audit_org ON audit (tenant_id, org_id, seq);
CREATE INDEX audit_object ON audit (tenant_id, object_id, seq);
CREATE INDEX audit_actor ON audit (tenant_id, actor_id, seq);
CREATE INDEX audit_verb ON audit (tenant_id, verb, seq);

-- What the last look at a tenant's chain found; bad_seq is 0 where it holds.
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

-- A part of the trail that somebody takes away. The lines never change, so the file is
-- written anew at each download; its hash and signature lie here.
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
CREATE INDEX audit_exports_tenant ON audit_exports (tenant_id, id);
CREATE INDEX audit_exports_expiry ON audit_exports (expires_at);

-- How old keys may grow in a place and below, in days.
CREATE TABLE key_terms (
    org_id   TEXT PRIMARY KEY REFERENCES orgs (id),
    max_days INTEGER NOT NULL,
    set_by   TEXT NOT NULL,
    set_at   BIGINT NOT NULL
);

-- Somebody asks who shall keep what he holds: an owner about his own places once a year,
-- or an administrator in a campaign. Each item is one thing that somebody holds.
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
CREATE INDEX reviews_org ON reviews (org_id, id);
CREATE INDEX reviews_tenant ON reviews (tenant_id, id);
CREATE INDEX reviews_due ON reviews (due_at) WHERE closed_at IS NULL AND due_at IS NOT NULL;
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
CREATE UNIQUE INDEX review_items_ref ON review_items (review_id, what, ref);
CREATE INDEX review_items_org ON review_items (org_id) WHERE decision = '';

-- +goose Down
DROP TABLE review_items;
DROP TABLE reviews;
DROP TABLE key_terms;
DROP TABLE audit_exports;
DROP TABLE audit_checks;
DROP INDEX audit_verb;
DROP INDEX audit_actor;
DROP INDEX audit_object;
DROP INDEX audit_org;
CREATE INDEX audit_org ON audit (org_id, seq);
CREATE INDEX audit_object ON audit (object_id, seq);

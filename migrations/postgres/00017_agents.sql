-- +goose Up

-- No list is sorted by it, and every renewal had to write it.
DROP INDEX agents_expiry;

-- +goose Down
CREATE INDEX agents_expiry ON agents (tenant_id, expires_at) WHERE onboarded_at IS NOT NULL;

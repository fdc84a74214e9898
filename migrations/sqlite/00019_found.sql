-- +goose Up

-- What a page asks about a few rows is found among everybody's by an index: who
-- holds a tenant's own roles, which calls of a webhook were given up, who made the
-- account keys of a place, those that were revoked, too, and what its tokens are or
-- were signed with.
CREATE INDEX assignments_custom ON assignments (tenant_id, role) WHERE role LIKE 'custom:%';
CREATE INDEX webhook_calls_dead ON webhook_calls (webhook_id, tried_at) WHERE state = 'failed';
CREATE INDEX signing_keys_tenant ON signing_keys (tenant_id);
DROP INDEX account_keys_org;
CREATE INDEX account_keys_org ON account_keys (org_id);

-- +goose Down
DROP INDEX account_keys_org;
CREATE INDEX account_keys_org ON account_keys (org_id) WHERE revoked_at IS NULL;
DROP INDEX signing_keys_tenant;
DROP INDEX webhook_calls_dead;
DROP INDEX assignments_custom;

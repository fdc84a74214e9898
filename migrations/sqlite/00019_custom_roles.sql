-- +goose Up

-- Who holds a tenant's own roles: few rows among everybody's.
CREATE INDEX assignments_custom ON assignments (tenant_id, role) WHERE role LIKE 'custom:%';

-- +goose Down
DROP INDEX assignments_custom;

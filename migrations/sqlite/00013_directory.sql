-- +goose Up

-- The platform's lists of organisations and people, by the beginning of a name
-- or an address.
CREATE INDEX orgs_tenant_name ON orgs (lower(name), id) WHERE kind = 'tenant';
CREATE INDEX users_name ON users (lower(name), id);

-- +goose Down
DROP INDEX users_name;
DROP INDEX orgs_tenant_name;

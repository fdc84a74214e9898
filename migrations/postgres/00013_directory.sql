-- +goose Up

-- The platform's lists of organisations and people, by the beginning of a name
-- or an address, in the order of bytes as on the other database.
CREATE INDEX orgs_tenant_name ON orgs (lower(name) COLLATE "C", id) WHERE kind = 'tenant';
CREATE INDEX users_name ON users (lower(name) COLLATE "C", id);
CREATE INDEX users_address ON users (email COLLATE "C");

-- +goose Down
DROP INDEX users_address;
DROP INDEX users_name;
DROP INDEX orgs_tenant_name;

-- +goose Up

-- An invitation may ask somebody to stand in for whoever invites: the role that
-- his leans on, and how far it reaches.
ALTER TABLE invitations ADD COLUMN delegated_from TEXT;
ALTER TABLE invitations ADD COLUMN reach TEXT NOT NULL DEFAULT 'subtree';

-- +goose Down
ALTER TABLE invitations DROP COLUMN reach;
ALTER TABLE invitations DROP COLUMN delegated_from;

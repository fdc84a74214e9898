-- +goose Up

-- Our copy of what a channel outside holds: when it was last read and tried, when
-- it is read next without anybody looking, how far it goes (the number and the
-- time of the newest entry there), and what the last try failed with. The
-- readings themselves lie in feeds, under a channel of source "copy" whose op is
-- the projection's id and whose number is negative, so that no door can name it.
ALTER TABLE projections ADD COLUMN read_at BIGINT;
ALTER TABLE projections ADD COLUMN read_tried_at BIGINT;
ALTER TABLE projections ADD COLUMN read_due_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projections ADD COLUMN read_upto BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projections ADD COLUMN read_newest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projections ADD COLUMN read_error TEXT NOT NULL DEFAULT '';
CREATE INDEX projections_read ON projections (read_due_at) WHERE state IN ('ready', 'held');

-- +goose Down
DROP INDEX projections_read;
ALTER TABLE projections DROP COLUMN read_error;
ALTER TABLE projections DROP COLUMN read_newest;
ALTER TABLE projections DROP COLUMN read_upto;
ALTER TABLE projections DROP COLUMN read_due_at;
ALTER TABLE projections DROP COLUMN read_tried_at;
ALTER TABLE projections DROP COLUMN read_at;

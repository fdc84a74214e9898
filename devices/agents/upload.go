package agents

import (
	"context"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"halfkey/devices/files"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/policies"
)

// A file that is too large for one request comes in parts, numbered from 1, in
// any order. The clients send the last one with the word that completes it.
var (
	keepPart = migrations.SQL(`INSERT INTO agent_file_parts (agent_id, path, part, digest, size, created_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (agent_id, path, part) DO UPDATE SET digest = excluded.digest, size = excluded.size, created_at = excluded.created_at`)
	partsOf    = migrations.SQL(`SELECT part, digest, size FROM agent_file_parts WHERE agent_id = ? AND path = ? ORDER BY part`)
	partsRoom  = migrations.SQL(`SELECT COUNT(*), COALESCE(SUM(size), 0) FROM agent_file_parts WHERE agent_id = ?`)
	dropUpload = migrations.SQL(`DELETE FROM agent_file_parts WHERE agent_id = ? AND path = ?`)
)

// Begin starts an upload anew: what came of it before is forgotten. Abort is the same.
func (s *Service) Begin(ctx context.Context, id ID, path string) error {
	if _, err := s.findOwn(ctx, id, policies.ManageAgent); err != nil {
		return err
	}
	_, err := dropUpload.Exec(ctx, s.DB.WithContext(ctx), string(id), path)
	return err
}

// Part keeps one part of an upload. The same number again replaces it.
func (s *Service) Part(ctx context.Context, id ID, path string, part int, content io.Reader) error {
	if _, err := s.findOwn(ctx, id, policies.ManageAgent); err != nil {
		return err
	}
	if part < 1 || part > PartsMost {
		return ErrPart.At("part", fmt.Sprintf("is a number from 1 to %d", PartsMost))
	}
	digest, size, err := s.Files.Put(content, PartMost)
	if err != nil {
		return err
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := hold(ctx, tx, id); err != nil {
			return err
		}
		var n, room int64
		if err := partsRoom.Row(ctx, tx, string(id)).Scan(&n, &room); err != nil {
			return err
		}
		if n >= 4*PartsMost || room+size > TotalMost {
			return ErrRoom
		}
		_, err := keepPart.Exec(ctx, tx, string(id), path, part, string(digest), size, s.micros())
		return err
	})
}

// Complete makes a file of the parts and of last, which comes after them all and
// may be empty.
func (s *Service) Complete(ctx context.Context, u Upload, last io.Reader) (File, bool, error) {
	if _, err := s.findOwn(ctx, u.Agent, policies.ManageAgent); err != nil {
		return File{}, false, err
	}
	if err := u.check(); err != nil {
		return File{}, false, err
	}
	parts, err := s.parts(ctx, u)
	if err != nil {
		return File{}, false, err
	}
	whole := &joined{store: s.Files, parts: parts, last: io.LimitReader(last, PartMost+1)}
	defer whole.close()
	digest, size, err := s.Files.Put(whole, FileMost)
	if err != nil {
		return File{}, false, err
	}
	if size == 0 {
		return File{}, false, ErrPart.At("upload", "has no part")
	}
	return s.keepFile(ctx, u, digest, size)
}

// parts are the contents of an upload, without a gap.
func (s *Service) parts(ctx context.Context, u Upload) (list []files.Digest, err error) {
	rows, err := partsOf.Rows(ctx, s.DB.WithContext(ctx), string(u.Agent), u.Path)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var part, size int64
		var d files.Digest
		if err := rows.Scan(&part, (*string)(&d), &size); err != nil {
			return nil, err
		}
		if list = append(list, d); part != int64(len(list)) {
			return nil, ErrPart.At("part", fmt.Sprintf("%d has not come", len(list)))
		}
	}
	return list, rows.Err()
}

// joined reads contents one after the other, with one file open at a time.
type joined struct {
	store files.Store
	parts []files.Digest
	open  io.ReadCloser
	last  io.Reader
}

func (j *joined) Read(p []byte) (n int, err error) {
	for {
		if j.open == nil {
			if len(j.parts) == 0 {
				return j.last.Read(p)
			}
			if j.open, err = j.store.Open(j.parts[0]); err != nil {
				return 0, err
			}
			j.parts = j.parts[1:]
		}
		if n, err = j.open.Read(p); n > 0 || err != io.EOF {
			return n, err
		}
		j.close()
	}
}

func (j *joined) close() {
	if j.open != nil {
		j.open.Close()
		j.open = nil
	}
}

var (
	lapseParts = migrations.SQL(`DELETE FROM agent_file_parts WHERE created_at <= ?`)
	hasContent = migrations.SQL(`SELECT (SELECT COUNT(*) FROM agent_files WHERE digest = ?) + (SELECT COUNT(*) FROM agent_file_parts WHERE digest = ?)`)
)

// sweepFiles forgets uploads that nobody completed, and removes contents that
// nobody has, one part of the folder at a time.
func (s *Service) sweepFiles(ctx context.Context) error {
	now := s.Now()
	if _, err := lapseParts.Exec(ctx, s.DB.WithContext(ctx), iam.Micros(now.Add(-uploadAlive))); err != nil {
		return err
	}
	return s.Files.Sweep(byte(now.Unix()/int64(10*time.Minute/time.Second)), now, func(d files.Digest) (bool, error) {
		n := 0
		err := hasContent.Row(ctx, s.DB.WithContext(ctx), string(d), string(d)).Scan(&n)
		return n > 0, err
	})
}

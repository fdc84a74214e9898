package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/devices/files"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/migrations"
	"halfkey/policies"
)

// A File is what an agent has uploaded, under a path of its own.
type File struct {
	Path        string
	ETag        int64
	Digest      files.Digest
	Size        int64 // bytes
	Type        string
	Description string
	Given       time.Time // what the agent says that it is of; zero if it says nothing
	Changed     time.Time
}

// Limits of files, in bytes and numbers.
const (
	PartMost    = 10 << 20  // one upload, or one part of one
	FileMost    = 256 << 20 // one file
	TotalMost   = 1 << 30   // all files of an agent
	FilesMost   = 10_000    // of an agent
	PartsMost   = 1000      // of a file
	pathMost    = 512
	uploadAlive = 24 * time.Hour // parts of an upload that nobody completes
)

// What can be wrong with a file.
var (
	ErrPath    = fault.New(fault.Malformed, "agent-file-path", "A file cannot have this path.")
	ErrNoFile  = fault.New(fault.NotFound, "agent-no-file", "There is no such file.")
	ErrRoom    = fault.New(fault.TooLarge, "agent-file-room", "The agent has no more room for files.")
	ErrPart    = fault.New(fault.Malformed, "agent-file-part", "The parts of the upload do not follow one another.")
	ErrFileTag = fault.New(fault.Stale, "agent-file-changed", "The file was changed meanwhile.")
)

// ParsePath takes a path: segments that are names, with slashes between.
func ParsePath(path string) (string, error) {
	if !storable(path, 1, pathMost) {
		return "", ErrPath.At("path", "has 1 to 512 bytes of UTF-8 without NUL")
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsRune(segment, '\\') {
			return "", ErrPath.At("path", "has segments that are names")
		}
	}
	return path, nil
}

var (
	fileOfPath = migrations.SQL(`SELECT path, etag, digest, size, type, description, given_at, changed_at FROM agent_files WHERE agent_id = ? AND path = ?`)
	filesOf    = migrations.SQL(`SELECT path, etag, digest, size, type, description, given_at, changed_at FROM agent_files WHERE agent_id = ? AND path > ? ORDER BY path LIMIT ?`)
	keepFile   = migrations.SQL(`INSERT INTO agent_files (agent_id, path, etag, digest, size, type, description, given_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (agent_id, path) DO UPDATE SET etag = excluded.etag, digest = excluded.digest, size = excluded.size, type = excluded.type,
 description = excluded.description, given_at = excluded.given_at, changed_at = excluded.changed_at`)
	usedRoom = migrations.SQL(`SELECT COUNT(*), COALESCE(SUM(size), 0) FROM agent_files WHERE agent_id = ? AND path <> ?`)
)

func scanFile(row interface{ Scan(...any) error }) (f File, err error) {
	var given *int64
	var changed int64
	err = row.Scan(&f.Path, &f.ETag, (*string)(&f.Digest), &f.Size, &f.Type, &f.Description, &given, &changed)
	f.Given, f.Changed = iam.TimeOrZero(given), iam.Time(changed)
	return f, err
}

// An Upload is a file on its way. Etag is the one that its author has seen; nil
// overwrites whatever is there.
type Upload struct {
	Agent       ID
	Path        string
	Type        string
	Description string
	Given       time.Time
	ETag        *int64
}

func (u Upload) check() error {
	if !storable(u.Type, 0, textMost) || !storable(u.Description, 0, descriptionMost) {
		return ErrPath.At("type, description", "are too long")
	}
	return nil
}

// Save keeps a file that came as a whole, and tells whether it is new.
func (s *Service) Save(ctx context.Context, u Upload, content io.Reader) (f File, fresh bool, err error) {
	if _, err := s.findOwn(ctx, u.Agent, policies.ManageAgent); err != nil {
		return f, false, err
	}
	if err := u.check(); err != nil {
		return f, false, err
	}
	digest, size, err := s.Files.Put(content, PartMost)
	if err != nil {
		return f, false, err
	}
	return s.keepFile(ctx, u, digest, size)
}

// keepFile gives a content its name.
func (s *Service) keepFile(ctx context.Context, u Upload, digest files.Digest, size int64) (f File, fresh bool, err error) {
	var r *row
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if r, err = hold(ctx, tx, u.Agent); err != nil {
			return err
		}
		before, err := scanFile(fileOfPath.Row(ctx, tx, string(u.Agent), u.Path))
		if fresh = errors.Is(err, sql.ErrNoRows); err != nil && !fresh {
			return err
		}
		if u.ETag != nil && (fresh || *u.ETag != before.ETag) {
			return ErrFileTag
		}
		var n, room int64
		if err := usedRoom.Row(ctx, tx, string(u.Agent), u.Path).Scan(&n, &room); err != nil {
			return err
		}
		if n >= FilesMost || room+size > TotalMost {
			return ErrRoom
		}
		f = File{Path: u.Path, ETag: before.ETag + 1, Digest: digest, Size: size, Type: u.Type, Description: u.Description, Given: u.Given, Changed: s.Now()}
		if _, err := keepFile.Exec(ctx, tx, string(u.Agent), f.Path, f.ETag, string(f.Digest), f.Size, f.Type, f.Description, iam.MicrosOrNull(f.Given), iam.Micros(f.Changed)); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM agent_file_parts WHERE agent_id = ? AND path = ?", string(u.Agent), u.Path).Error; err != nil {
			return err
		}
		return audit.Record(ctx, tx, "agent.file", r.object(), audit.Detail{"agent": u.Agent, "path": u.Path, "size": size, "sha256": digest})
	})
	if err != nil {
		return f, false, fmt.Errorf("file of %s: %w", u.Agent, err)
	}
	s.Devices.Changed(r.device())
	return f, fresh, nil
}

// OpenFile gives a file back to its agent, and to who may read its values.
func (s *Service) OpenFile(ctx context.Context, id ID, path string) (File, io.ReadSeekCloser, error) {
	if _, err := s.findOwn(ctx, id, policies.ReadDevice); err != nil {
		return File{}, nil, err
	}
	f, err := scanFile(fileOfPath.Row(ctx, s.DB.WithContext(ctx), string(id), path))
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil, ErrNoFile
	}
	if err != nil {
		return f, nil, fmt.Errorf("file of %s: %w", id, err)
	}
	content, err := s.Files.Open(f.Digest)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil, fmt.Errorf("file of %s: the content %s is not in the folder", id, f.Digest)
	}
	return f, content, err
}

// ListFiles are the agent's files by path, those after one path.
func (s *Service) ListFiles(ctx context.Context, id ID, after string, limit int) (list []File, err error) {
	if _, err := s.findOwn(ctx, id, policies.ReadDevice); err != nil {
		return nil, err
	}
	rows, err := filesOf.Rows(ctx, s.DB.WithContext(ctx), string(id), after, limit)
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		f, err := scanFile(rows)
		if err != nil {
			return nil, fmt.Errorf("files of %s: %w", id, err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// DropFile forgets a file.
func (s *Service) DropFile(ctx context.Context, id ID, path string) error {
	r, err := s.findOwn(ctx, id, policies.ManageAgent)
	if err != nil {
		return err
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		res := tx.Exec("DELETE FROM agent_files WHERE agent_id = ? AND path = ?", string(id), path)
		if res.Error != nil || res.RowsAffected == 0 {
			return errors.Join(res.Error, ErrNoFile)
		}
		return audit.Record(ctx, tx, "agent.file-drop", r.object(), audit.Detail{"agent": id, "path": path})
	})
}

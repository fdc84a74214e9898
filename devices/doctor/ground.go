package doctor

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// What can be wrong with the ground.
const (
	Writer      Code = "writer"      // who writes waits for too long
	Disk        Code = "disk"        // nearly full
	Newer       Code = "newer"       // another program brought the schema further than this one knows
	KeysetGone  Code = "keyset-gone" // the file is not there any more
	KeysetOther Code = "keyset"      // the file does not open what is sealed, or cannot be read
	CertEnds    Code = "certificate" // near its end; Cause own: a new start makes another
)

// What is too much, and too little.
const (
	lineMost  = 100             // deeds before the writer
	heldMost  = 2 * time.Second // by one
	diskLeast = 512 << 20       // bytes
	diskSmall = 4 << 30         // likewise, where that is less than a twentieth
	certLeast = 21 * 24 * time.Hour
	certSoon  = 7 * 24 * time.Hour
)

func (s *Service) ground(ctx context.Context, _ iam.OrgID) (all []Finding, err error) {
	if g := s.Machine.Ground; g != nil {
		if q, ok := g.Queue(); ok && (q.Waiting > lineMost || q.Held > heldMost) {
			all = append(all, Finding{Code: Writer, Weight: Broken, Count: q.Waiting, Since: s.Now().Add(-q.Held)})
		}
		known, err := g.Known()
		if err != nil {
			return nil, err
		}
		if g.Version(ctx) > known {
			all = append(all, Finding{Code: Newer, Weight: Broken})
		}
	}
	if s.Machine.Disk != nil {
		free, total, err := s.Machine.Disk()
		if err != nil {
			return nil, err
		}
		switch f := (Finding{Code: Disk, Weight: Shaky, Count: int(free >> 20), Name: s.Machine.Folder}); {
		case free < diskLeast:
			f.Weight = Broken
			all = append(all, f)
		case free < min(diskSmall, total/20):
			all = append(all, f)
		}
	}
	return all, nil
}

func (s *Service) keyset(ctx context.Context, _ iam.OrgID) ([]Finding, error) {
	switch err := s.Vault.Kept(ctx, s.DB); {
	case err == nil:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{{Code: KeysetGone, Weight: Broken, Name: s.Machine.Keyset}}, nil
	case errors.Is(err, vault.ErrForeign):
		return []Finding{{Code: KeysetOther, Weight: Broken, Name: s.Machine.Keyset}}, nil
	default:
		return []Finding{{Code: KeysetOther, Weight: Broken, Name: s.Machine.Keyset, Cause: migrations.Discreet(err.Error())}}, nil
	}
}

func (s *Service) certificates(context.Context, iam.OrgID) (all []Finding, err error) {
	if s.Machine.Certificates == nil {
		return nil, nil
	}
	for _, c := range s.Machine.Certificates() {
		left := c.End.Sub(s.Now())
		if left > certLeast {
			continue
		}
		f := Finding{Code: CertEnds, Weight: Shaky, Name: c.Name, Subject: c.Name, Next: c.End}
		if left < certSoon {
			f.Weight = Broken
		}
		if c.Own {
			f.Cause = "own"
		}
		all = append(all, f)
	}
	return all, nil
}

package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/fault"
)

// ReadingsMost is how long a file of readings is at most, in bytes.
const ReadingsMost = 64 << 20

// What a file of readings can come to.
var (
	ErrThere    = fault.New(fault.Conflict, "import-there", "The channel had readings of these times already. They stay as they are.")
	ErrNoFile   = fault.New(fault.Unprocessable, "import-no-file", "Choose a file.")
	ErrFileGone = fault.New(fault.Gone, "import-file-gone", "The file is no longer there. Import it once more: what is stored already stays as it is.")
)

// StartImport stores the readings of a file as ThingSpeak exports one in the
// channel of a device, ReadingsMost bytes at most. With good, lines that cannot
// be read are left out and told by the run, else they are channels.ErrImportLines
// with its fields, and nothing is taken. The file waits on disk until the job has
// gone through it.
func (s *Service) StartImport(ctx context.Context, device iam.DeviceID, file io.Reader, good bool) (Run, error) {
	d, _, err := s.Devices.Importing(ctx, device)
	if err != nil {
		return Run{}, err
	}
	digest, _, err := s.Files.Put(file, ReadingsMost)
	if err != nil {
		return Run{}, err
	}
	kept, err := s.Files.Open(digest)
	if err != nil {
		return Run{}, fmt.Errorf("read a file of readings: %w", err)
	}
	defer kept.Close()
	report, err := s.Devices.Channels.CheckCSV(kept)
	if err != nil {
		return Run{}, err
	}
	if report.Bad > 0 && !good {
		f := channels.ErrImportLines
		for _, l := range report.Lines {
			f = f.At(fmt.Sprintf("line %d", l.Line), l.Why)
		}
		return Run{}, f
	}
	wrong := make([]Error, len(report.Lines))
	for i, l := range report.Lines {
		wrong[i] = Error{Line: l.Line, Code: channels.ErrImportLines.Code, What: l.Why}
	}
	return s.begin(ctx, Import, d.Org, input{File: digest, Device: device, Lines: report.Good, Bad: report.Bad}, wrong)
}

// importFile goes through the file from its beginning, also after an interruption:
// what is stored already is known by its time, and counted as what it is.
func (s *Service) importFile(ctx context.Context, row *runRow, in input) error {
	file, err := s.Files.Open(in.File)
	if errors.Is(err, fs.ErrNotExist) {
		return s.giveUp(ctx, row, ErrFileGone)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", row.ID, err)
	}
	defer file.Close()
	as, err := s.author(ctx, row, in)
	if err != nil {
		return s.giveUp(ctx, row, err)
	}
	before := row.Done
	report, err := s.Devices.Import(as, in.Device, file, in.Bad, func(tx *gorm.DB, so channels.Import) error {
		row.Done, row.Failed = before+so.Stored, in.Bad+max(0, so.There-before)
		return tx.Exec("UPDATE bulk_runs SET state = ?, done = ?, failed = ? WHERE id = ?", string(Running), row.Done, row.Failed, row.ID).Error
	})
	if err != nil {
		return s.giveUp(ctx, row, err)
	}
	there := report.There - before
	if there <= 0 {
		return nil
	}
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return remark(tx, row, Error{Thing: strconv.Itoa(there), Code: ErrThere.Code, What: ErrThere.Sentence})
	})
}

// giveUp notes why the rest of a file comes to nothing. Trouble of our own ends
// this attempt alone.
func (s *Service) giveUp(ctx context.Context, row *runRow, err error) error {
	f := fault.Of(err)
	if f == nil || f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		return err
	}
	row.Failed = row.Total - row.Done
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE bulk_runs SET failed = ? WHERE id = ?", row.Failed, row.ID).Error; err != nil {
			return err
		}
		return remark(tx, row, Error{Code: f.Code, What: f.Sentence})
	})
}

// remark says something of a run as a whole, after all that is said of its lines.
func remark(tx *gorm.DB, row *runRow, e Error) error {
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&errorRow{row.ID, row.Total + 1, e.Line, e.Field, e.Thing, e.Code, e.What}).Error
}

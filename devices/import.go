package devices

import (
	"context"
	"errors"
	"io"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// ErrImportElsewhere is a channel whose readings another service keeps.
var ErrImportElsewhere = fault.New(fault.Conflict, "import-elsewhere", "Another service keeps this channel. Import the file there.")

// Importing is the device and its channel, for who may put readings from a file
// into it: who manages the device.
func (s *Service) Importing(ctx context.Context, id iam.DeviceID) (Device, channels.ID, error) {
	d, err := s.find(ctx, id, policies.ManageDevice)
	if err != nil {
		return d, 0, err
	}
	if d.RemovedAt != nil {
		return d, 0, ErrRetired
	}
	number, err := channels.ParseID(d.Channel)
	if err == nil {
		_, err = s.Channels.Find(ctx, number)
	}
	if f := fault.Of(err); f != nil && f.Kind == fault.NotFound {
		err = ErrImportElsewhere
	}
	return d, number, err
}

// Import stores what can be read of a file as ThingSpeak exports one in the
// device's channel, a slice at a time, and looks before each whether whoever acts
// still may. What has a time that the channel has already is left as it is.
// step hears of each slice in its transaction; the whole file, of which bad lines
// could not be read, is one line in the trail.
func (s *Service) Import(ctx context.Context, id iam.DeviceID, file io.Reader, bad int, step func(tx *gorm.DB, soFar channels.Import) error) (all channels.Import, err error) {
	all.Bad = bad
	d, number, err := s.Importing(ctx, id)
	if err != nil {
		return all, err
	}
	err = s.Channels.Slices(file, func(part []channels.Entry) error {
		if _, _, err := s.Importing(ctx, id); err != nil {
			return err
		}
		next := all
		_, err := s.Channels.ImportSlice(ctx, number, part, func(tx *gorm.DB, stored int) error {
			next.Good, next.Stored, next.There = all.Good+len(part), all.Stored+stored, all.There+len(part)-stored
			return step(tx, next)
		})
		if err == nil {
			all = next
		}
		return err
	})
	stored := audit.Detail{"channel": d.Channel, "count": all.Stored, "there": all.There, "bad": all.Bad}
	noted := s.change(context.WithoutCancel(ctx), "device.import", d, stored, func(*gorm.DB) (bool, error) { return all.Good > 0, nil })
	return all, errors.Join(err, noted)
}

package devices

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/orgs"
	"halfkey/policies"
)

// ErrTyped wants the serial typed, so that nobody removes the wrong device.
var ErrTyped = fault.New(fault.Unprocessable, "device-typed", "Type the device's serial number to remove it.")

// Retire removes a device: its channel takes no more values, its keys are dead,
// and a tombstone stays, so that it boards again only when its owner says so.
// typed is the serial, as its owner typed it.
func (s *Service) Retire(ctx context.Context, id iam.DeviceID, typed string) error {
	d, err := s.find(ctx, id, policies.RetireDevice)
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed) != d.Serial {
		return ErrTyped.At("serial", "That is not the device's serial number.")
	}
	if d.RemovedAt != nil {
		return ErrRetired
	}
	deed := orgs.Deed{Verb: "device.retire", Object: d.object(), Area: orgs.Area{Device: id},
		Also: []orgs.KeyChange{{Kind: orgs.WriteKey, What: orgs.Ends, Name: d.Name, Device: id}}}
	deed.Do = func(tx *gorm.DB) (audit.Detail, error) {
		removed, err := s.RetireIn(ctx, tx, d)
		if err == nil && !removed {
			err = orgs.ErrNothing
		}
		return audit.Detail{"serial": d.Serial}, err
	}
	if err := s.Orgs.Perform(ctx, &deed); err != nil || orgs.Rehearsing(ctx) != nil {
		return err
	}
	s.Changed(d)
	return nil
}

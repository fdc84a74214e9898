package devices

import (
	"context"
	"time"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
)

// A View is a device as people may see it, with what its channel last heard.
type View struct {
	ID       iam.DeviceID
	Tenant   iam.OrgID
	Org      iam.OrgID
	Serial   string
	Name     string
	Kind     string
	Model    string // the device's own words
	Firmware string
	State    State
	Door     Door
	Key      iam.KeyID // that it last boarded with
	Channel  string
	Version  int64
	Address  string    // where it called from
	Called   time.Time // at a registration door, last
	Boarded  time.Time
	Sealed   time.Time // when its answer was first sealed
	Removed  time.Time // zero while it is there
	Created  time.Time
	Summary  channels.Summary
	Presence Presence
	Copy     connectors.Copy // of a channel that a service outside keeps: how good ours is
	Values   bool            // the asking person may read them; else Summary says only when the device was heard
	Twin     bool            // another tenant has the same serial; only a platform administrator is told
}

func (s *Service) view(d Device, sum channels.Summary, c connectors.Copy) View {
	return View{ID: d.ID, Tenant: d.Tenant, Org: d.Org, Serial: d.Serial, Name: d.Name, Kind: d.Kind, Model: d.Model, Firmware: d.Firmware,
		State: d.State, Door: d.Door, Key: d.Key, Channel: d.Channel, Version: d.Version, Address: d.Address,
		Called: iam.Time(d.CalledAt), Boarded: iam.Time(d.BoardedAt), Sealed: iam.Time(d.SealedAt), Removed: iam.TimeOrZero(d.RemovedAt), Created: iam.Time(d.CreatedAt),
		Summary: sum, Presence: PresenceOf(d.State, sum.Heard, sum.Interval, asOf(c, s.Now())), Copy: c}
}

// views adds what the channels last heard, in two queries however many there
// are, and one more where some are kept outside. Who may know of a device and not read it is not told its values.
func (s *Service) views(ctx context.Context, list []Device) ([]View, error) {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.Channel
	}
	sums, err := s.Channels.Summaries(ctx, ids)
	if err != nil {
		return nil, err
	}
	copies, err := s.copies(ctx, ids)
	if err != nil {
		return nil, err
	}
	reads, err := s.Decider.Scope(ctx, policies.ReadDevice)
	if err != nil {
		return nil, err
	}
	views := make([]View, len(list))
	for i, d := range list {
		values, sum := reads.HasDevice(d.Org, d.ID), sums[d.Channel]
		if !values {
			sum = channels.Summary{Heard: sum.Heard, Interval: sum.Interval}
		}
		views[i] = s.view(d, sum, copies[d.Channel])
		views[i].Values = values
	}
	return views, nil
}

// Get is the device, also a removed one; ErrUnknown for whoever may not see it.
func (s *Service) Get(ctx context.Context, id iam.DeviceID) (View, error) {
	d, err := s.find(ctx, id, policies.SeeDevice)
	if err != nil {
		return View{}, err
	}
	if err := s.lookAt(ctx, d.Channel); err != nil {
		return View{}, err
	}
	list, err := s.views(ctx, []Device{d})
	if err != nil {
		return View{}, err
	}
	v := list[0]
	v.Twin, err = s.twin(ctx, d)
	return v, err
}

// twin looks for the same serial at another tenant.
func (s *Service) twin(ctx context.Context, d Device) (found bool, err error) {
	if !s.Decider.May(ctx, policies.AdministerPlatform, d.Org) {
		return false, nil
	}
	err = s.DB.WithContext(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM devices WHERE tenant_id IN (SELECT id FROM orgs WHERE kind = 'tenant' AND id <> ?)
 AND serial = ? AND removed_at IS NULL)`, d.Tenant, d.Serial).Row().Scan(&found)
	return found, err
}

// History is the device's lines in the trail, newest first; before is the last
// line's Seq of the page before, or zero.
func (s *Service) History(ctx context.Context, id iam.DeviceID, before int64) ([]audit.Entry, error) {
	d, err := s.find(ctx, id, policies.ReadAudit)
	if err != nil {
		return nil, err
	}
	return audit.List(ctx, s.DB, audit.Filter{Tenant: string(d.Tenant), ObjectID: string(d.ID), Before: before, Limit: 50})
}

package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/policies"
)

// What can be wrong with devices. Cause of DeviceSilent is a devices.Cause.
const (
	DeviceSilent  Code = "device-silent"  // one
	DevicesSilent Code = "devices-silent" // many of one place, counted
	Strangers     Code = "strangers"      // devices of one place that wait for a word
)

// Of a small place every device is looked at, and the first that are silent are
// told of by name. Of a larger one those are counted that somebody wants to hear
// about: the watch knows them.
const (
	lookedAt  = 200
	namedMost = 5
)

func (s *Service) strangers(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	waiting, err := s.Devices.Waiting(ctx, org)
	if err != nil {
		return nil, err
	}
	at := map[iam.OrgID]int{} // place by place
	for _, r := range waiting {
		i, ok := at[r.Org]
		if !ok {
			i = len(all)
			at[r.Org] = i
			all = append(all, Finding{Code: Strangers, Weight: Waits, Org: r.Org, Subject: string(r.Org)})
		}
		all[i].Count++
		if since := r.Since(); all[i].Since.IsZero() || since.Before(all[i].Since) {
			all[i].Since = since
		}
	}
	return all, s.name(ctx, all)
}

// silent tells of devices that fell silent, to who looks after them and reads them.
func (s *Service) silent(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	list, err := s.Devices.List(ctx, devices.Filter{Org: org, State: devices.Active, Limit: lookedAt})
	if err != nil {
		return nil, err
	}
	if len(list) == lookedAt {
		return s.watched(ctx, org)
	}
	list = slices.DeleteFunc(list, func(d devices.View) bool {
		return d.Presence != devices.Silent || !d.Values || !s.Decider.MayDevice(ctx, policies.ManageDevice, d.Org, d.ID)
	})
	for _, d := range list {
		if len(list) > namedMost {
			all = counted(all, d.Org, d.Summary.Heard)
			continue
		}
		why, err := s.Devices.WhySilent(ctx, d.ID)
		if err != nil {
			continue // it went meanwhile
		}
		all = append(all, Finding{Code: DeviceSilent, Weight: Shaky, Org: d.Org, Subject: string(d.ID), Name: d.Name, Cause: string(why.Cause), Since: d.Summary.Heard})
	}
	return all, s.name(ctx, all)
}

// counted adds one silent device to those of its place.
func counted(all []Finding, org iam.OrgID, heard time.Time) []Finding {
	i := slices.IndexFunc(all, func(f Finding) bool { return f.Org == org })
	if i < 0 {
		i = len(all)
		all = append(all, Finding{Code: DevicesSilent, Weight: Shaky, Org: org, Subject: string(org), Since: heard})
	}
	all[i].Count++
	if heard.Before(all[i].Since) {
		all[i].Since = heard
	}
	return all
}

// watched counts the silent devices that the watch knows, place by place.
func (s *Service) watched(ctx context.Context, org iam.OrgID) (all []Finding, err error) {
	q, err := s.seen(ctx, s.db(ctx).Table("device_watch AS w").Joins("JOIN devices d ON d.id = w.device_id"), policies.ReadDevice, org, "d.org_id", "d.tenant_id")
	if err == nil {
		q, err = s.seen(ctx, q, policies.ManageDevice, "", "d.org_id", "d.tenant_id")
	}
	if err != nil {
		return nil, err
	}
	var rows []struct {
		OrgID iam.OrgID
		N     int
		Since int64
	}
	err = q.Where("w.silent_since IS NOT NULL AND d.state = 'active' AND d.removed_at IS NULL").
		Select("d.org_id, COUNT(*) AS n, MIN(w.silent_since) AS since").Group("d.org_id").Order("d.org_id").Limit(findingsMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look for silent devices: %w", err)
	}
	for _, r := range rows {
		all = append(all, Finding{Code: DevicesSilent, Weight: Shaky, Org: r.OrgID, Subject: string(r.OrgID), Count: r.N, Since: iam.Time(r.Since)})
	}
	return all, s.name(ctx, all)
}

// name says what the findings' places are called.
func (s *Service) name(ctx context.Context, all []Finding) error {
	var ids []iam.OrgID
	for _, f := range all {
		ids = append(ids, f.Org)
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []struct {
		ID   iam.OrgID
		Name string
	}
	if err := s.db(ctx).Raw("SELECT id, name FROM orgs WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return fmt.Errorf("name places: %w", err)
	}
	for i := range all {
		for _, r := range rows {
			if r.ID == all[i].Org {
				all[i].Place = r.Name
			}
		}
	}
	return nil
}

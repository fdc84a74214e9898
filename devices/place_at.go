package devices

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// ErrNotThen says that there was no such device at that time, or none where the
// asking person may look back.
var ErrNotThen = fault.New(fault.NotFound, "device-not-then", "There was no such device or channel at that time, or it was not yours to look at.")

// Then is a device as it was at a moment.
type Then struct {
	ID      iam.DeviceID
	Tenant  iam.OrgID
	Org     iam.OrgID // where it was
	Serial  string
	Name    string // as it is called now
	Channel string
	Kind    string
}

const thenColumns = `SELECT d.id, d.tenant_id AS tenant, d.org_id AS org, d.serial, d.name, d.channel_id AS channel, d.kind FROM devices d
WHERE d.tenant_id = ? AND d.created_at <= ? AND (d.removed_at IS NULL OR d.removed_at > ?) AND `

// At finds the device of the tenant that the text named at that moment: by its
// id, serial or channel. An account's channel without a device has no ID. It
// fails with ErrNotThen, also for who may not read the trail of where it was.
func (s *Service) At(ctx context.Context, tenant iam.OrgID, text string, at time.Time) (d Then, err error) {
	us := iam.Micros(at)
	var rows []Then
	q := s.DB.WithContext(ctx)
	err = q.Raw(thenColumns+`(d.id = ? OR d.serial = ? OR d.channel_id = ? OR d.id IN (SELECT device_id FROM device_channels WHERE channel_id = ?))
ORDER BY d.created_at DESC LIMIT 1`, string(tenant), us, us, text, text, text, text).Scan(&rows).Error
	if err != nil {
		return d, fmt.Errorf("find %q as it was: %w", text, err)
	}
	if number, none := strconv.ParseInt(text, 10, 64); none == nil && len(rows) == 0 {
		err = q.Raw(`SELECT '' AS id, tenant_id AS tenant, org_id AS org, '' AS serial, name, CAST(id AS TEXT) AS channel, '' AS kind FROM channels
WHERE tenant_id = ? AND id = ? AND source = 'account' AND created_at <= ?`, string(tenant), number, us).Scan(&rows).Error
		if err != nil {
			return d, fmt.Errorf("find channel %q as it was: %w", text, err)
		}
	}
	if len(rows) == 0 {
		return d, ErrNotThen
	}
	d = rows[0]
	if d.ID != "" {
		moved, err := movedSince(ctx, s.DB, tenant, string(d.ID), at)
		if err != nil {
			return d, err
		}
		if was, ok := moved[d.ID]; ok {
			d.Org = was
		}
	}
	if !s.Decider.May(ctx, policies.ReadAudit, d.Org) {
		return Then{}, ErrNotThen
	}
	return d, nil
}

// movedSince says where the devices were that were moved after a moment.
func movedSince(ctx context.Context, db *gorm.DB, tenant iam.OrgID, device string, at time.Time) (map[iam.DeviceID]iam.OrgID, error) {
	lines, err := audit.Since(ctx, db, string(tenant), "device.move", device, at)
	if err != nil {
		return nil, err
	}
	was := map[iam.DeviceID]iam.OrgID{}
	for _, e := range slices.Backward(lines) {
		if from, ok := e.Details()["from"].(string); ok {
			was[iam.DeviceID(e.ObjectID)] = iam.OrgID(from)
		}
	}
	return was, nil
}

// thenMost bounds a list of devices as they were.
const thenMost = 200

// InAt lists devices that were in the places at a moment, or are named singly,
// by name; more tells that there were others besides. It does not ask whether
// the caller may know.
func (s *Service) InAt(ctx context.Context, tenant iam.OrgID, places []iam.OrgID, single []iam.DeviceID, at time.Time) (all []Then, more bool, err error) {
	moved, err := movedSince(ctx, s.DB, tenant, "", at)
	if err != nil {
		return nil, false, err
	}
	us := iam.Micros(at)
	read := func(where string, ids any) error {
		var some []Then
		err := s.DB.WithContext(ctx).Raw(thenColumns+where+" ORDER BY d.id LIMIT ?", string(tenant), us, us, ids, thenMost+1+len(moved)).Scan(&some).Error
		for _, d := range some {
			was, elsewhere := moved[d.ID]
			if elsewhere {
				d.Org = was
			}
			if slices.ContainsFunc(all, func(o Then) bool { return o.ID == d.ID }) || elsewhere && !slices.Contains(places, was) && !slices.Contains(single, d.ID) {
				continue
			}
			all = append(all, d)
		}
		return err
	}
	for some := range slices.Chunk(places, 5000) {
		if err := read("d.org_id IN ?", some); err != nil {
			return nil, false, fmt.Errorf("list devices as they were: %w", err)
		}
	}
	var others []iam.DeviceID
	for id, was := range moved {
		if slices.Contains(places, was) {
			others = append(others, id)
		}
	}
	for some := range slices.Chunk(append(others, single...), 5000) {
		if err := read("d.id IN ?", some); err != nil {
			return nil, false, fmt.Errorf("list devices as they were: %w", err)
		}
	}
	if len(all) > thenMost {
		all, more = all[:thenMost], true
	}
	return all, more, nil
}

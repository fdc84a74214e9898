package devices

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// ByChannel is the device whose values go to the channel, also a removed one;
// ErrUnknown for whoever may not read it.
func (s *Service) ByChannel(ctx context.Context, channel string) (View, error) {
	var d Device
	err := s.DB.WithContext(ctx).Where("channel_id = ?", channel).Order("id DESC").Take(&d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return View{}, ErrUnknown
	}
	if err != nil {
		return View{}, err
	}
	if !s.Decider.MayDevice(ctx, policies.ReadDevice, d.Org, d.ID) {
		return View{}, ErrUnknown
	}
	if err := s.lookAt(ctx, d.Channel); err != nil {
		return View{}, err
	}
	list, err := s.views(ctx, []Device{d})
	if err != nil {
		return View{}, err
	}
	return list[0], nil
}

// Names gives the names of those of the devices that the actor may see, for the
// sentences of the trail.
func (s *Service) Names(ctx context.Context, ids []iam.DeviceID) (map[iam.DeviceID]string, error) {
	scope, err := s.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil || scope.Empty() || len(ids) == 0 {
		return nil, err
	}
	var found []Device
	q := s.DB.WithContext(ctx).Select("id", "name").Where("id IN ?", ids)
	if sql, args := scope.DeviceSQL("org_id", "tenant_id", "id"); sql != "" {
		q = q.Where(sql, args...)
	}
	if err := q.Find(&found).Error; err != nil {
		return nil, err
	}
	names := make(map[iam.DeviceID]string, len(found))
	for _, d := range found {
		names[d.ID] = d.Name
	}
	return names, nil
}

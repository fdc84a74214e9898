package devices

import (
	"context"
	"slices"
	"strings"

	"halfkey/policies"
)

// sharedMost bounds what is shared with one person, device by device.
const sharedMost = 200

// Shared lists, newest first, the devices that the person who acts in ctx sees
// each by itself, because somebody shares it, in places that he does not see.
func (s *Service) Shared(ctx context.Context) ([]View, error) {
	scope, err := s.Decider.Scope(ctx, policies.SeeDevice)
	if err != nil {
		return nil, err
	}
	ids := scope.Devices()
	if len(ids) == 0 {
		return nil, nil
	}
	ids = ids[:min(len(ids), sharedMost)]
	places, err := s.Decider.Scope(ctx, policies.ReadOrg)
	if err != nil {
		return nil, err
	}
	var w where
	w.and("removed_at IS NULL")
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = string(id)
	}
	w.and("id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
	list, err := s.page(ctx, w.within(scope), sharedMost)
	if err != nil {
		return nil, err
	}
	return s.views(ctx, slices.DeleteFunc(list, func(d Device) bool { return places.Has(d.Org) }))
}

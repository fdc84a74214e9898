package devices

import (
	"context"

	"halfkey/iam"
	"halfkey/policies"
)

// Standing says what a device amounts to now: its own state, and whether the
// place that it lies in is open.
func (s *Service) Standing(ctx context.Context, id iam.DeviceID) (iam.Standing, error) {
	d, err := s.find(ctx, id, policies.SeeDevice)
	if err != nil {
		return iam.Standing{}, err
	}
	own := iam.Effective(string(d.State), iam.TimeOrZero(nil), iam.TimeOrZero(d.RemovedAt), s.Now())
	place, err := s.Decider.Standing(ctx, d.Org)
	return own.Within(place, iam.ByAbove, d.Org), err
}

package orgs

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/live"
	"halfkey/policies"
)

// What stands against switching a person off.
var (
	ErrAbove  = fault.New(fault.Refused, "person-above", "This person may do more than you. Somebody who may as much has to do this.")
	ErrMyself = fault.New(fault.Conflict, "person-myself", "You cannot switch yourself off. Somebody else has to.")
)

// Disable switches a person off, wherever he holds a role: every session ends at
// once, and his tokens and keys open nothing until Enable. It takes somebody who
// manages people where the person is at home and may do there all that he may,
// or who looks after the platform. The last owner of a place stays. A second call changes nothing. It fails with
// iam.ErrUserUnknown, policies.ErrRefused, ErrAbove, ErrMyself or policies.ErrLastOwner.
func (s *Service) Disable(ctx context.Context, user iam.UserID) error {
	return s.switchPerson(ctx, user, "person.disable", func(tx *gorm.DB) (bool, error) {
		if user == asking(ctx) {
			return false, ErrMyself
		}
		if err := notLast(tx, user, iam.Micros(s.Now())); err != nil {
			return false, err
		}
		return s.Sessions.Disable(tx, user, string(asking(ctx)))
	})
}

// Enable lets a person in again. It asks for the same as Disable.
func (s *Service) Enable(ctx context.Context, user iam.UserID) error {
	return s.switchPerson(ctx, user, "person.enable", func(tx *gorm.DB) (bool, error) { return s.Sessions.Enable(tx, user) })
}

func (s *Service) switchPerson(ctx context.Context, user iam.UserID, verb string, deed func(tx *gorm.DB) (bool, error)) error {
	u, home, err := s.below(ctx, user)
	if err != nil {
		return err
	}
	return s.Perform(ctx, &Deed{
		Verb: verb, Object: personObject(home, user), Area: Area{Org: home.Tenant, People: []iam.UserID{user}}, Gives: verb == "person.enable", Rests: true,
		Do: func(tx *gorm.DB) (audit.Detail, error) {
			changed, err := deed(tx)
			if err == nil && !changed {
				err = ErrNothing
			}
			return audit.Detail{"name": u.Name, "email": string(u.Email)}, err
		},
		Tell: []live.Event{happened(live.People, home.Tenant, home.ID, string(user))},
	})
}

func personObject(home Org, user iam.UserID) audit.Object {
	return audit.Object{Tenant: string(home.Tenant), Org: string(home.ID), Type: "user", ID: string(user)}
}

// below finds a person and his home, for somebody who manages people there and
// is not below him.
func (s *Service) below(ctx context.Context, user iam.UserID) (iam.User, Org, error) {
	u, err := s.Users.Get(ctx, user)
	if err != nil {
		return u, Org{}, err
	}
	if err := s.Decider.Require(ctx, policies.ManagePeople, u.Home); err != nil {
		if errors.Is(err, policies.ErrHidden) || !s.Decider.May(ctx, policies.ReadPeople, u.Home) && errors.Is(err, policies.ErrRefused) {
			return u, Org{}, iam.ErrUserUnknown
		}
		return u, Org{}, err
	}
	home, err := findOrg(s.DB.WithContext(ctx), u.Home)
	if err != nil {
		return u, home, err
	}
	return u, home, s.notAbove(ctx, user, home.Tenant)
}

// What a person holds in a tenant and on the platform: elsewhere he is a guest,
// and his home may switch him off all the same.
const seatsAtHome = `SELECT a.role, a.org_id FROM assignments a JOIN orgs o ON o.id = a.org_id
WHERE a.subject_id = ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND (a.valid_to IS NULL OR a.valid_to > ?)
AND (o.tenant_id = ? OR o.parent_id IS NULL)`

// notAbove is nil when whoever acts may do all that the person may, or looks
// after the platform.
func (s *Service) notAbove(ctx context.Context, user iam.UserID, tenant iam.OrgID) error {
	top, err := root(s.DB.WithContext(ctx))
	if err != nil || s.Decider.May(ctx, policies.AdministerPlatform, top.ID) {
		return err
	}
	var seats []struct{ Role, OrgID string }
	if err := s.DB.WithContext(ctx).Raw(seatsAtHome, string(user), iam.Micros(s.Now()), string(tenant)).Scan(&seats).Error; err != nil {
		return fmt.Errorf("read the roles of %s: %w", user, err)
	}
	for _, a := range seats {
		within, err := s.Decider.Within(ctx, policies.Role(a.Role), iam.OrgID(a.OrgID))
		if err != nil {
			return err
		}
		if !within {
			return ErrAbove
		}
	}
	return nil
}

// Places that would be nobody's without this person.
const lastOf = `SELECT COUNT(*) FROM assignments a JOIN orgs o ON o.id = a.org_id
WHERE a.subject_id = ? AND a.subject_type = 'user' AND a.status = 'active' AND a.ended_at IS NULL AND a.valid_to IS NULL AND a.reach = 'subtree'
AND (a.role = 'owner' AND o.kind = 'tenant' OR a.role = 'platform-admin' AND o.parent_id IS NULL)
AND NOT EXISTS (SELECT 1 FROM assignments b JOIN users u ON u.id = b.subject_id AND u.state = 'active'
 WHERE b.org_id = a.org_id AND b.role = a.role AND b.subject_id <> a.subject_id AND b.subject_type = 'user' AND b.status = 'active'
 AND b.ended_at IS NULL AND b.valid_to IS NULL AND b.reach = 'subtree' AND (b.valid_from IS NULL OR b.valid_from <= ?))`

func notLast(tx *gorm.DB, user iam.UserID, now int64) error {
	var places int64
	if err := tx.Raw(lastOf, string(user), now).Scan(&places).Error; err != nil {
		return fmt.Errorf("look whether %s is a last owner: %w", user, err)
	}
	if places > 0 {
		return policies.ErrLastOwner
	}
	return nil
}

package orgs

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// AddPerson makes somebody at home in the directory's tenant. He has no password
// and no role: he comes in by a link or by another house's word, and sees what
// his teams see. It fails with ErrUserName or iam.ErrEmailTaken.
func (d Directory) AddPerson(ctx context.Context, p DirectoryPerson) (DirectoryPerson, error) {
	t, err := d.tenant(ctx, policies.ManagePeople)
	if err != nil {
		return p, err
	}
	p.Home = t.ID
	if p.Profile, err = p.parse(t); err != nil {
		return p, err
	}
	err = d.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := d.Orgs.Decider.Bump(tx); err != nil { // first: of two of one name the second waits
			return err
		}
		if err := unusedName(tx, t, p.Profile); err != nil {
			return err
		}
		if p.Profile, err = d.Orgs.Users.CreateProfile(tx, p.Profile); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "person.make", directoryObject(t, "user", string(p.ID)), p.detail())
	})
	if err != nil {
		return p, fmt.Errorf("add a person: %w", err)
	}
	d.Orgs.tell(live.People, t.Tenant, t.ID, string(p.ID))
	return d.Person(ctx, p.ID)
}

// ChangePerson writes what the directory says of somebody, if he still has that
// version (0 for whatever it is). Who becomes inactive is switched off at once.
// The address of somebody who may do more than the directory stays: it is the
// way back into his account. It fails also with iam.ErrChanged, ErrAbove or
// policies.ErrLastOwner.
func (d Directory) ChangePerson(ctx context.Context, p DirectoryPerson, version int64) (DirectoryPerson, error) {
	t, err := d.tenant(ctx, policies.ManagePeople)
	if err != nil {
		return p, err
	}
	was, err := d.Person(ctx, p.ID)
	if err != nil {
		return p, err
	}
	if version != 0 && version != was.Version {
		return p, iam.ErrChanged
	}
	active := p.Active
	p.Home, p.Version, p.Profile.Active = was.Home, was.Version, was.Active
	if p.Profile, err = p.parse(t); err != nil {
		return p, err
	}
	if p.Address == "" && strings.HasSuffix(string(p.Email), nowhere) {
		p.Email = was.Email // nothing was said of it
	}
	if was.unnamed && p.UserName == was.UserName {
		p.UserName, was.UserName = "", ""
	}
	if p.Email != was.Email || active != was.Active {
		if err := d.Orgs.notAbove(ctx, p.ID, t.ID); err != nil {
			return p, err
		}
	}
	if same(p.Profile, was.Profile) && active == was.Active {
		return was, nil
	}
	err = d.Orgs.Perform(ctx, &Deed{
		Verb: "person.change", Object: directoryObject(t, "user", string(p.ID)), Area: Area{Org: t.ID, People: []iam.UserID{p.ID}}, Gives: active || !was.Active, Rests: true,
		Do:   func(tx *gorm.DB) (audit.Detail, error) { return d.change(ctx, tx, t, p, was, active) },
		Tell: []live.Event{happened(live.People, t.Tenant, t.ID, string(p.ID))},
	})
	if err != nil {
		return p, err
	}
	return d.Person(ctx, p.ID)
}

// change is ChangePerson in its transaction.
func (d Directory) change(ctx context.Context, tx *gorm.DB, t Org, p, was DirectoryPerson, active bool) (audit.Detail, error) {
	if err := unusedName(tx, t, p.Profile); err != nil {
		return nil, err
	}
	if !same(p.Profile, was.Profile) {
		if _, err := d.Orgs.Users.ChangeProfile(tx, p.Profile); err != nil {
			return nil, err
		}
	}
	detail := p.detail()
	detail["was"] = was.detail()
	var err error
	switch {
	case was.Active && !active:
		if err = notLast(tx, p.ID, iam.Micros(d.Orgs.Now())); err == nil {
			_, err = d.Orgs.Sessions.Disable(tx, p.ID, string(asking(ctx)))
		}
	case !was.Active && active:
		_, err = d.Orgs.Sessions.Enable(tx, p.ID)
	}
	detail["active"] = active
	return detail, err
}

// RemovePerson takes somebody out for good, with all roles and all that he could
// come in with. Added again he begins anew.
func (d Directory) RemovePerson(ctx context.Context, id iam.UserID, version int64) error {
	t, err := d.tenant(ctx, policies.ManagePeople)
	if err != nil {
		return err
	}
	p, err := d.Person(ctx, id)
	if err != nil {
		return err
	}
	if version != 0 && version != p.Version {
		return iam.ErrChanged
	}
	if err := d.Orgs.notAbove(ctx, id, t.ID); err != nil {
		return err
	}
	return d.Orgs.Perform(ctx, &Deed{
		Verb: "person.remove", Object: directoryObject(t, "user", string(id)), Area: Area{Org: t.ID, People: []iam.UserID{id}}, Closes: true,
		Do: func(tx *gorm.DB) (audit.Detail, error) {
			if err := notLast(tx, id, iam.Micros(d.Orgs.Now())); err != nil {
				return nil, err
			}
			if err := d.Orgs.Decider.EndAll(ctx, tx, policies.Person, string(id), "removed by the directory"); err != nil {
				return nil, err
			}
			return p.detail(), d.Orgs.Sessions.Remove(tx, id, string(asking(ctx)))
		},
		Tell: []live.Event{happened(live.People, t.Tenant, t.ID, string(id))},
	})
}

// parse takes what the directory says: a name that people see, and an address,
// which may be the user name. Field names: name, emails, userName, externalId.
func (p DirectoryPerson) parse(t Org) (iam.Profile, error) {
	var form iam.Form
	var err error
	out := p.Profile
	out.Name, err = iam.ParseName(p.Name)
	form.Check("displayName", err)
	for field, s := range map[string]*string{"name.givenName": &out.GivenName, "name.familyName": &out.FamilyName, "userName": &out.UserName, "externalId": &out.ExternalID} {
		if *s != "" {
			*s, err = iam.ParseName(*s)
			form.Check(field, err)
		}
	}
	given := p.Address
	if given == "" {
		given = p.UserName
	}
	if out.Email, err = iam.ParseEmail(given); err != nil {
		if p.Address != "" {
			form.Check("emails", err)
		}
		out.Email = madeUp(p.UserName, t)
	}
	return out, form.Err()
}

// madeUp is an address for somebody who has none.
func madeUp(userName string, t Org) iam.Email {
	local := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(userName)), "-")
	e, err := iam.ParseEmail(local + "@" + t.Slug + nowhere)
	if err != nil {
		return iam.Email(iam.NewID() + "@" + t.Slug + nowhere)
	}
	return e
}

// same compares what a directory can change.
func same(a, b iam.Profile) bool {
	return a.Email == b.Email && a.Name == b.Name && a.ExternalID == b.ExternalID && a.UserName == b.UserName && a.GivenName == b.GivenName && a.FamilyName == b.FamilyName
}

func (p DirectoryPerson) detail() audit.Detail {
	return audit.Detail{"name": p.Name, "email": string(p.Email), "user_name": p.UserName, "external_id": p.ExternalID, "active": p.Active}
}

// unusedName looks for somebody else of that user name, or whose address it is.
func unusedName(tx *gorm.DB, t Org, p iam.Profile) error {
	if p.UserName == "" {
		return nil
	}
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM users WHERE `+atHome+` AND id <> ? AND state <> 'removed' AND (LOWER(user_name) = LOWER(?) OR user_name IS NULL AND email = ?)`,
		string(t.ID), string(p.ID), p.UserName, strings.ToLower(p.UserName)).Scan(&n).Error
	if err != nil {
		return fmt.Errorf("look for a user name: %w", err)
	}
	if n > 0 {
		return ErrUserName
	}
	return nil
}

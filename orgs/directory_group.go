package orgs

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/live"
	"halfkey/policies"
)

// Groups lists the teams of the tenant, and how many there are. Teams in a place
// that is suspended are not among them, as for everybody else.
func (d Directory) Groups(ctx context.Context, q Query) ([]DirectoryGroup, int64, error) {
	t, err := d.tenant(ctx, policies.ReadPeople)
	if err != nil {
		return nil, 0, err
	}
	scope, err := d.Orgs.Decider.Scope(ctx, policies.ReadPeople)
	if err != nil {
		return nil, 0, err
	}
	db := d.Orgs.DB.WithContext(ctx)
	found := q.on(scope.Filter(db.Model(&orgRow{}).Where("tenant_id = ? AND kind = ? AND state = ?", string(t.ID), string(Team), string(Active)), "id", "tenant_id")).Session(&gorm.Session{})
	var n int64
	if err := found.Count(&n).Error; err != nil || n == 0 || q.Limit == 0 {
		return nil, n, err
	}
	var rows []orgRow
	if err := found.Order("id").Offset(q.Offset).Limit(q.Limit).Find(&rows).Error; err != nil {
		return nil, 0, fmt.Errorf("list teams: %w", err)
	}
	all, at, ids := make([]DirectoryGroup, len(rows)), map[string]int{}, make([]string, len(rows))
	for i, r := range rows {
		all[i].Org, at[r.ID], ids[i] = r.org(), i, r.ID
	}
	var named []struct{ ID, ExternalID string }
	if err := db.Raw("SELECT id, external_id FROM orgs WHERE id IN ? AND external_id IS NOT NULL", ids).Scan(&named).Error; err != nil {
		return nil, 0, fmt.Errorf("read what a directory calls teams: %w", err)
	}
	for _, e := range named {
		all[at[e.ID]].ExternalID = e.ExternalID
	}
	members, err := db.Raw(membersOf, ids, string(t.ID)).Rows()
	if err != nil {
		return nil, 0, fmt.Errorf("read the members of teams: %w", err)
	}
	defer members.Close()
	for members.Next() {
		var team string
		var m DirectoryRef
		if err := members.Scan(&team, &m.ID, &m.Name); err != nil {
			return nil, 0, fmt.Errorf("read the members of teams: %w", err)
		}
		all[at[team]].Members = append(all[at[team]].Members, m)
	}
	return all, n, members.Err()
}

// A directory's members are the tenant's own people that hold the role itself.
const (
	isMember = `a.subject_type = 'user' AND a.role = 'member' AND a.device_id IS NULL AND a.delegated_from IS NULL AND a.source <> 'share'
AND a.status = 'active' AND a.ended_at IS NULL AND u.state <> 'removed' AND u.home_org_id IN (SELECT id FROM orgs WHERE tenant_id = ?)`
	membersOf = `SELECT a.org_id, u.id, u.name FROM assignments a JOIN users u ON u.id = a.subject_id
WHERE a.org_id IN ? AND ` + isMember + ` GROUP BY a.org_id, u.id, u.name ORDER BY u.id`
	seatsOfMembers = `SELECT a.id, a.subject_id FROM assignments a JOIN users u ON u.id = a.subject_id WHERE a.org_id IN ? AND ` + isMember
)

// HasMember is the condition of a Query of Groups.
const HasMember = `id IN (SELECT a.org_id FROM assignments a WHERE a.subject_id = ? AND a.subject_type = 'user' AND a.role = 'member' AND a.status = 'active' AND a.ended_at IS NULL)`

// Group finds one team. It fails with policies.ErrHidden.
func (d Directory) Group(ctx context.Context, id iam.OrgID) (DirectoryGroup, error) {
	var q Query
	q.And("id = ?", string(id))
	q.Limit = 1
	all, _, err := d.Groups(ctx, q)
	if err == nil && len(all) == 0 {
		err = policies.ErrHidden
	}
	if err != nil {
		return DirectoryGroup{}, err
	}
	return all[0], nil
}

// AddGroup makes a team with its members. It fails with ErrMember for somebody
// whom the directory does not keep.
func (d Directory) AddGroup(ctx context.Context, g DirectoryGroup) (DirectoryGroup, error) {
	t, err := d.tenant(ctx, policies.ManageOrg)
	if err != nil {
		return g, err
	}
	if g.Name, err = iam.ParseName(g.Name); err != nil {
		return g, iam.Wrong("displayName", err)
	}
	err = d.Orgs.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if g.Org, err = d.Orgs.add(tx, Org{Tenant: t.Tenant, Parent: t.ID, Kind: Team, Name: g.Name}); err != nil {
			return err
		}
		if err := d.name(tx, g); err != nil {
			return err
		}
		detail, err := d.members(ctx, tx, t, g)
		if err != nil {
			return err
		}
		detail["name"], detail["external_id"] = g.Name, g.ExternalID
		return audit.Record(ctx, tx, "team.make", objectOf(g.Org), detail)
	})
	if err != nil {
		return g, fmt.Errorf("add a team: %w", err)
	}
	d.Orgs.tell(live.People, t.Tenant, g.ID, string(g.ID))
	return d.Group(ctx, g.ID)
}

// ChangeGroup gives a team the name and the members that the directory says, if
// it still has that version (0 for whatever it is).
func (d Directory) ChangeGroup(ctx context.Context, g DirectoryGroup, version int64) (DirectoryGroup, error) {
	t, err := d.tenant(ctx, policies.ManagePeople)
	if err != nil {
		return g, err
	}
	was, err := d.Group(ctx, g.ID)
	if err != nil {
		return g, err
	}
	if version != 0 && version != was.Version {
		return g, iam.ErrChanged
	}
	if g.Name, err = iam.ParseName(g.Name); err != nil {
		return g, iam.Wrong("displayName", err)
	}
	if g.Name != was.Name {
		if err := d.Orgs.Decider.Require(ctx, policies.ManageOrg, g.ID); err != nil {
			return g, err
		}
	}
	err = d.Orgs.Perform(ctx, &Deed{
		Verb: "team.change", Object: objectOf(was.Org), Area: Area{Org: t.ID},
		Do: func(tx *gorm.DB) (audit.Detail, error) {
			res := tx.Exec("UPDATE orgs SET version = version + 1 WHERE id = ? AND version = ?", string(g.ID), was.Version)
			if res.Error != nil || res.RowsAffected == 0 {
				return nil, either(res.Error, error(iam.ErrChanged))
			}
			if err := d.name(tx, g); err != nil {
				return nil, err
			}
			detail, err := d.members(ctx, tx, t, g)
			if err == nil && len(detail) == 0 && g.Name == was.Name && g.ExternalID == was.ExternalID {
				return nil, ErrNothing
			}
			if g.Name != was.Name {
				detail["name"], detail["was"] = g.Name, was.Name
			}
			return detail, err
		},
		Tell: []live.Event{happened(live.People, t.Tenant, g.ID, string(g.ID))},
	})
	if err != nil {
		return g, err
	}
	return d.Group(ctx, g.ID)
}

// name writes what a directory calls a team.
func (d Directory) name(tx *gorm.DB, g DirectoryGroup) error {
	var external *string
	if g.ExternalID != "" {
		if _, err := iam.ParseName(g.ExternalID); err != nil {
			return iam.Wrong("externalId", err)
		}
		external = &g.ExternalID
	}
	if err := tx.Model(&orgRow{}).Where("id = ?", string(g.ID)).Updates(map[string]any{"name": g.Name, "external_id": external}).Error; err != nil {
		return fmt.Errorf("name team %s: %w", g.ID, err)
	}
	return nil
}

// members lets just those be members whom the directory names, and tells who
// came and went.
func (d Directory) members(ctx context.Context, tx *gorm.DB, t Org, g DirectoryGroup) (audit.Detail, error) {
	var seats []struct{ ID, SubjectID string }
	if err := tx.Raw(seatsOfMembers, []string{string(g.ID)}, string(t.ID)).Scan(&seats).Error; err != nil {
		return nil, fmt.Errorf("read the members of a team: %w", err)
	}
	detail := audit.Detail{}
	var went, came []string
	there := map[string]bool{}
	for _, s := range seats {
		there[s.SubjectID] = true
		if slices.ContainsFunc(g.Members, func(m DirectoryRef) bool { return m.ID == s.SubjectID }) {
			continue
		}
		if _, err := d.Orgs.Decider.End(ctx, tx, iam.AssignmentID(s.ID), "taken out by the directory"); err != nil {
			return nil, err
		}
		went = append(went, s.SubjectID)
	}
	for _, m := range g.Members {
		if there[m.ID] {
			continue
		}
		if err := keptHere(tx, t, m.ID); err != nil {
			return nil, err
		}
		there[m.ID] = true
		_, err := d.Orgs.Decider.Grant(ctx, tx, policies.Grant{Subject: iam.UserID(m.ID), Role: policies.Member, Org: g.ID, Source: policies.Direct,
			By: asking(ctx), Reason: "put in by the directory"})
		if err != nil {
			return nil, err
		}
		came = append(came, m.ID)
	}
	if len(went) > 0 {
		detail["went"] = went
	}
	if len(came) > 0 {
		detail["came"] = came
	}
	return detail, nil
}

func keptHere(tx *gorm.DB, t Org, user string) error {
	var n int64
	if err := tx.Raw("SELECT COUNT(*) FROM users WHERE id = ? AND state <> 'removed' AND "+atHome, user, string(t.ID)).Scan(&n).Error; err != nil {
		return fmt.Errorf("look for a member: %w", err)
	}
	if n == 0 {
		return ErrMember
	}
	return nil
}

// What a team may not have when it goes.
const usedTeam = `SELECT (SELECT COUNT(*) FROM devices WHERE org_id = ? AND removed_at IS NULL) + (SELECT COUNT(*) FROM orgs WHERE parent_id = ? AND state <> 'closed')
 + (SELECT COUNT(*) FROM assignments WHERE org_id = ? AND role <> 'member' AND status = 'active' AND ended_at IS NULL)`

// RemoveGroup closes a team: its members are members no more, and what was given
// to the team is over. It fails with ErrTeamUsed.
func (d Directory) RemoveGroup(ctx context.Context, id iam.OrgID, version int64) error {
	t, err := d.tenant(ctx, policies.ManageOrg)
	if err != nil {
		return err
	}
	g, err := d.Group(ctx, id)
	if err != nil {
		return err
	}
	if version != 0 && version != g.Version {
		return iam.ErrChanged
	}
	return d.Orgs.Perform(ctx, &Deed{
		Verb: "team.remove", Object: objectOf(g.Org), Area: Area{Org: t.ID}, Closes: true,
		Do: func(tx *gorm.DB) (audit.Detail, error) {
			var used int64
			if err := tx.Raw(usedTeam, string(id), string(id), string(id)).Scan(&used).Error; err != nil || used > 0 {
				return nil, either(err, error(ErrTeamUsed))
			}
			g.Members = nil
			if _, err := d.members(ctx, tx, t, g); err != nil {
				return nil, err
			}
			if err := d.Orgs.Decider.EndAll(ctx, tx, policies.Team, string(id), "the team was removed"); err != nil {
				return nil, err
			}
			err := tx.Exec("UPDATE orgs SET state = ?, external_id = NULL, version = version + 1 WHERE id = ?", string(Closed), string(id)).Error
			return audit.Detail{"name": g.Name}, err
		},
		Tell: []live.Event{happened(live.People, t.Tenant, id, string(id))},
	})
}

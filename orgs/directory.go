package orgs

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// Directory is the use cases of another house's directory, which keeps the
// people and teams of one tenant here. It acts as a service account of that
// tenant, and touches nobody who is at home elsewhere.
type Directory struct{ Orgs *Service }

// What stands between a directory and what it wants.
var (
	ErrDirectory = fault.New(fault.Refused, "directory-token", "A directory needs the token of a service account that belongs to the whole organisation.")
	ErrUserName  = fault.New(fault.Conflict, "user-name-taken", "Somebody here has this user name already.")
	ErrMember    = fault.New(fault.Unprocessable, "directory-member", "A member has to be somebody whom this directory keeps.")
	ErrTeamUsed  = fault.New(fault.Conflict, "directory-team-used", "This team has devices, places or roles of its own. Clear these first.")
)

// DirectoryPerson is a person with the teams that he is a member of. Address is
// what a directory says his address is; we make one up, and say so, for somebody
// who has none.
type DirectoryPerson struct {
	iam.Profile
	Address   string
	Reachable bool // the address is a real one
	Groups    []DirectoryRef
	unnamed   bool // has no user name but the address
}

// DirectoryRef names a person or a team.
type DirectoryRef struct{ ID, Name string }

// DirectoryGroup is a team with its members.
type DirectoryGroup struct {
	Org
	ExternalID string
	Members    []DirectoryRef
}

// nowhere ends the addresses of those who have none (RFC 6761).
const nowhere = ".invalid"

// tenant is the one that the directory keeps; it asks for act there.
func (d Directory) tenant(ctx context.Context, act policies.Action) (Org, error) {
	b, ok := iam.BearerOf(ctx)
	if !ok || b.Holder.Type != string(policies.Service) || b.Org != b.Tenant || b.Org == "" {
		return Org{}, ErrDirectory
	}
	if err := d.Orgs.Decider.Require(ctx, act, b.Org); err != nil {
		return Org{}, err
	}
	return findOrg(d.Orgs.DB.WithContext(ctx), b.Org)
}

// Query is a part of a list: conditions on columns, all of which hold, and a window.
type Query struct {
	Where  []string
	Args   [][]any
	Offset int
	Limit  int
}

// And adds a condition.
func (q *Query) And(where string, args ...any) {
	q.Where, q.Args = append(q.Where, where), append(q.Args, args)
}

func (q Query) on(db *gorm.DB) *gorm.DB {
	for i, w := range q.Where {
		db = db.Where(w, q.Args[i]...)
	}
	return db
}

const atHome = "home_org_id IN (SELECT id FROM orgs WHERE tenant_id = ?)"

// People lists those who are at home in the tenant, and how many there are.
func (d Directory) People(ctx context.Context, q Query) ([]DirectoryPerson, int64, error) {
	t, err := d.tenant(ctx, policies.ReadPeople)
	if err != nil {
		return nil, 0, err
	}
	db := d.Orgs.DB.WithContext(ctx)
	found := q.on(db.Where(atHome, string(t.ID))).Session(&gorm.Session{})
	n, err := d.Orgs.Users.CountProfiles(found)
	if err != nil || n == 0 || q.Limit == 0 {
		return nil, n, err
	}
	all, err := d.Orgs.Users.Profiles(found.Offset(q.Offset).Limit(q.Limit))
	if err != nil {
		return nil, 0, err
	}
	scope, err := d.Orgs.Decider.Scope(ctx, policies.ReadPeople)
	if err != nil {
		return nil, 0, err
	}
	people, err := d.furnish(db, scope, t.ID, all)
	return people, n, err
}

// Person finds one of them. It fails with iam.ErrUserUnknown.
func (d Directory) Person(ctx context.Context, id iam.UserID) (DirectoryPerson, error) {
	var q Query
	q.And("id = ?", string(id))
	q.Limit = 1
	all, _, err := d.People(ctx, q)
	if err == nil && len(all) == 0 {
		err = iam.ErrUserUnknown
	}
	if err != nil {
		return DirectoryPerson{}, err
	}
	return all[0], nil
}

const groupsOf = `SELECT a.subject_id, o.id, o.name FROM assignments a JOIN orgs o ON o.id = a.org_id
WHERE a.subject_id IN ? AND a.subject_type = 'user' AND a.role = 'member' AND a.device_id IS NULL AND a.delegated_from IS NULL AND a.source <> 'share'
AND a.status = 'active' AND a.ended_at IS NULL AND o.tenant_id = ? AND o.kind = 'team' AND o.state = 'active'`

// furnish adds the teams that lie in scope, and the names that a directory knows people by.
func (d Directory) furnish(q *gorm.DB, scope policies.Scope, tenant iam.OrgID, all []iam.Profile) ([]DirectoryPerson, error) {
	people, at := make([]DirectoryPerson, len(all)), map[string]int{}
	ids := make([]string, len(all))
	for i, p := range all {
		ids[i], at[string(p.ID)] = string(p.ID), i
		people[i] = DirectoryPerson{Profile: p, Address: string(p.Email), Reachable: !strings.HasSuffix(string(p.Email), nowhere)}
		if p.UserName == "" {
			people[i].UserName, people[i].unnamed = string(p.Email), true
		}
	}
	teams, args := groupsOf, []any{ids, string(tenant)}
	if where, more := scope.SQL("o.id", "o.tenant_id"); where != "" {
		teams, args = teams+" AND "+where, append(args, more...)
	}
	rows, err := q.Raw(teams+" ORDER BY o.id", args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the teams of people: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var who string
		var g DirectoryRef
		if err := rows.Scan(&who, &g.ID, &g.Name); err != nil {
			return nil, fmt.Errorf("read the teams of people: %w", err)
		}
		p := &people[at[who]]
		p.Groups = append(p.Groups, g)
	}
	return people, rows.Err()
}

func directoryObject(t Org, kind, id string) audit.Object {
	return audit.Object{Tenant: string(t.Tenant), Org: string(t.ID), Type: kind, ID: id}
}

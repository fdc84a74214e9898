package orgs

import (
	"context"
	"fmt"

	"halfkey/iam"
	"halfkey/policies"
)

// Explain says why somebody may do act in org, or with a device there, or why
// not, and tells it as a chain: person, assignment, role, place, rule. It asks
// for what policies.Decider.Explain asks for. Who gave a role further up is
// named only to those who see the people there.
func (s *Service) Explain(ctx context.Context, user iam.UserID, act policies.Action, org iam.OrgID, device iam.DeviceID) (policies.Explanation, []Line, error) {
	e, err := s.Decider.Explain(ctx, user, act, org, device)
	if err != nil {
		return e, nil, err
	}
	t := teller{e: e, places: map[iam.OrgID]string{}, people: map[iam.UserID]string{}}
	if err := s.nameIn(ctx, &t); err != nil {
		return e, nil, err
	}
	return e, t.tell(), nil
}

var onDevice = map[string]string{"explain.may": "explain.may.device", "explain.may-not": "explain.may-not.device"}

// causes are the sentences for a no.
var causes = map[policies.Cause]string{
	policies.SwitchedOff: "explain.cause.switched-off",
	policies.Denied:      "explain.cause.denied",
	policies.Hides:       "explain.cause.private",
	policies.Early:       "explain.cause.not-yet",
	policies.Expired:     "explain.cause.expired",
	policies.Ended:       "explain.cause.ended",
	policies.Lenderless:  "explain.cause.lender-ended",
	policies.Lacks:       "explain.cause.role-lacks",
	policies.Nothing:     "explain.cause.no-role",
}

// teller puts an explanation into sentences.
type teller struct {
	e      policies.Explanation
	places map[iam.OrgID]string
	people map[iam.UserID]string
	device string
	custom map[policies.Role]string
	lines  []Line
}

func (s *Service) nameIn(ctx context.Context, t *teller) error {
	links := t.e.Links
	if t.e.Link != nil {
		links = append(links, *t.e.Link)
	}
	orgs, people := []string{string(t.e.Org), string(t.e.Closed)}, []iam.UserID{}
	for _, l := range links {
		orgs = append(orgs, string(l.Org), string(l.Team))
		if s.Decider.May(ctx, policies.ReadPeople, l.Org) {
			people = append(people, l.GrantedBy, l.EndedBy)
		}
	}
	var rows []orgRow
	q := s.DB.WithContext(ctx)
	if err := q.Where("id IN ?", orgs).Find(&rows).Error; err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	for _, r := range rows {
		t.places[iam.OrgID(r.ID)] = r.Name
	}
	users, err := s.Users.Names(ctx, people)
	if err != nil {
		return err
	}
	for id, u := range users {
		t.people[id] = u.Name
	}
	if t.e.Device != "" {
		err = q.Raw("SELECT name FROM devices WHERE id = ?", string(t.e.Device)).Scan(&t.device).Error
	}
	t.custom = map[policies.Role]string{}
	for _, l := range links {
		if !l.Role.Custom() || err != nil {
			continue
		}
		t.custom[l.Role], err = s.RoleName(ctx, l.Role)
	}
	return err
}

func (t *teller) say(id string, data map[string]any) {
	data["Name"] = t.e.Name
	t.lines = append(t.lines, Line{id, data})
}

func (t *teller) tell() []Line {
	what := map[string]any{"Action": t.e.Action, "Org": t.places[t.e.Org]}
	id := "explain.may-not"
	if t.e.Cause == policies.Allowed {
		id = "explain.may"
	}
	if t.device != "" {
		id, what["Device"] = onDevice[id], t.device
	}
	t.say(id, what)
	switch {
	case t.e.Link != nil:
		t.link(*t.e.Link)
	case t.e.Cause == policies.Lacks:
		for _, l := range t.e.Links {
			t.link(l)
		}
	}
	if t.e.Cause != policies.Allowed {
		id := causes[t.e.Cause]
		if t.e.Cause == policies.Denied && t.e.Closed != "" {
			id = "explain.cause.closed"
		}
		t.say(id, map[string]any{"Org": t.places[t.e.Org], "Closed": t.places[t.e.Closed]})
	}
	if t.e.Rule != "" {
		t.say("explain.rule", map[string]any{"Rule": t.e.Rule})
	}
	if t.e.Asks > 0 {
		t.say("explain.asks", map[string]any{"Org": t.places[t.e.Org]})
	}
	return t.lines
}

// link tells of one assignment: the role, where, from whom and until when.
func (t *teller) link(l policies.Link) {
	var role any = l.Role
	if l.Role.Custom() {
		role = t.custom[l.Role]
	}
	t.say("explain.holds", map[string]any{"Role": role, "Org": t.places[l.Org]})
	switch {
	case l.Team != "":
		t.say("explain.team", map[string]any{"Org": t.places[l.Team]})
	case l.Lender != "":
		t.say("explain.lent", map[string]any{"Lender": l.Lender})
	}
	if by := t.people[l.GrantedBy]; by != "" {
		t.say("explain.given", map[string]any{"By": by, "At": l.CreatedAt})
	}
	if l.Reason != "" {
		t.say("explain.reason", map[string]any{"Reason": l.Reason})
	}
	if !l.Until.IsZero() {
		t.say("explain.until", map[string]any{"At": l.Until})
	}
	if !l.EndedAt.IsZero() {
		by := t.people[l.EndedBy]
		id := "explain.ended"
		if by != "" {
			id = "explain.ended.by"
		}
		t.say(id, map[string]any{"By": by, "At": l.EndedAt, "Reason": l.EndedFor})
	}
}

package orgs

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/notify"
)

// concerned are the deeds that the people whom they are about are told of, and
// in which words.
var concerned = map[string]string{
	"role.give": "role-given", "deputy.name": "role-given", "share.give": "role-given",
	"role.end": "role-ended", "share.end": "role-ended", "role.expire": "role-ended", "role.until": "role-until",
}

// toldMost bounds how many hear of one deed; a large team sees it in its places.
const toldMost = 50

// tellPeople lets those hear of a deed whom it concerns: not who does it.
func (s *Service) tellPeople(ctx context.Context, tx *gorm.DB, d *Deed, detail audit.Detail) error {
	kind, me := concerned[d.Verb], asking(ctx)
	if kind == "" || s.Post == nil || len(d.Area.People) > toldMost {
		return nil
	}
	var users []string
	for _, u := range d.Area.People {
		if u != me && !slices.Contains(users, string(u)) {
			users = append(users, string(u))
		}
	}
	if len(users) == 0 {
		return nil
	}
	place, err := placeOf(tx, d.Area)
	if err != nil {
		return err
	}
	return s.Post.Tell(ctx, tx, users, kind, notify.Data{"Actor": audit.ActorFrom(ctx).Name, "Org": place, "Role": roleIn(detail)})
}

// placeOf is the name of what a deed is about: a device that is shared alone is
// not to tell where it stands.
func placeOf(tx *gorm.DB, a Area) (name string, err error) {
	query, id := "SELECT name FROM orgs WHERE id = ?", string(a.Org)
	if a.Device != "" {
		query, id = "SELECT name FROM devices WHERE id = ?", string(a.Device)
	}
	return name, tx.Raw(query, id).Scan(&name).Error
}

func roleIn(d audit.Detail) string {
	if role, ok := d["role"].(string); ok {
		return role
	}
	if after, ok := d["after"].(audit.Detail); ok {
		role, _ := after["role"].(string)
		return role
	}
	return ""
}

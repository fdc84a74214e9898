package web_test

import (
	"strings"
	"testing"
	"time"

	"halfkey/web/webtest"
)

func TestAPlaceIsSettledMovedSuspendedAndClosed(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	page := "/orgs/" + string(s.Household)
	form := func(kv ...string) []string {
		version := s.Homer.Get(t, page).Wants(t, 200).Find(t, `name="version" value="(\d+)"`)
		return append([]string{"version", version, "name", "Household", "member_role", "member", "min_credential", "any", "rotate_read_keys", "exposed"}, kv...)
	}
	s.Homer.Get(t, page).Says(t, "Open", "Private", "Suspend", "Close place")
	s.Marge.Get(t, page).Wants(t, 403)
	s.Marge.Post(t, page+"/state", "to", "suspended", "sure", "1").Wants(t, 403)

	t.Run("what touches nobody is done at once", func(t *testing.T) {
		s.Homer.Post(t, page, form("kind", "fleet")...).Wants(t, 303)
		s.Homer.Get(t, page).Says(t, `value="fleet" selected`)
	})
	t.Run("what takes something is asked first", func(t *testing.T) {
		link := s.Homer.Post(t, "/people/invite", "org", string(s.Tenant), "email", "bart@simps.net", "role", "manager").Wants(t, 200).Find(t, `(/i/[A-Za-z0-9_-]+)`)
		s.Browser(t).Post(t, link, "name", "Bart", "password", webtest.Password).Wants(t, 303)
		s.Homer.Post(t, page, form("private", "on")...).Wants(t, 200).Says(t, "Change the settings of Household?", "Bart loses sight of one device: Living room.")
		s.Homer.Get(t, page).Silent(t, `value="on" checked`)
		s.Homer.Post(t, page, form("private", "on", "sure", "1")...).Wants(t, 303)
		s.Homer.Get(t, page).Says(t, `value="on" checked`)
		s.Homer.Get(t, "/orgs").Says(t, "Private")
		s.Homer.Post(t, page, form("sure", "1")...).Wants(t, 303)
	})
	t.Run("nobody puts his over another's without a word", func(t *testing.T) {
		stale := form("kind", "household")
		stale[3] = "Evergreen Terrace"
		s.Homer.Post(t, page, "name", "Home").Wants(t, 303)
		s.Homer.Post(t, page, stale...).Wants(t, 412).Says(t, "Changed meanwhile", `value="Evergreen Terrace"`)
		s.Homer.Get(t, page).Says(t, `value="Home"`)
	})
	t.Run("a wrong answer comes back with what was typed", func(t *testing.T) {
		f := form()
		f[3] = "\x00"
		s.Homer.Post(t, page, f...).Wants(t, 422).Says(t, "printable")
		f[3], f[7] = "Home", "passkey"
		s.Homer.Post(t, page, f...).Wants(t, 422).Says(t, "not signed in well enough")
		s.Homer.Post(t, page+"/dates", "from", "2030-01-02T00:00", "until", "2030-01-01T00:00", "sure", "1").Wants(t, 422).Says(t, "end after it begins", "2030-01-02T00:00")
		s.Homer.Post(t, page+"/dates", "until", "one day").Wants(t, 422)
	})
	t.Run("shut, it is found by who may open it, and by nobody else", func(t *testing.T) {
		s.Homer.Post(t, page+"/state", "to", "suspended").Wants(t, 200).Says(t, "Suspend Home?", "Marge loses sight of one device: Living room.")
		s.Marge.Get(t, "/c/"+d.Channel).Wants(t, 200)
		s.Homer.Post(t, page+"/state", "to", "suspended", "sure", "1").Wants(t, 303)
		s.Marge.Get(t, "/c/"+d.Channel).Wants(t, 404)
		s.Homer.Get(t, "/devices").Silent(t, "Living room")
		s.Homer.Get(t, "/orgs").Says(t, "Shut places", "Suspended", page)
		s.Homer.Get(t, page).Wants(t, 200).Says(t, "Suspended", "Open again")
		s.Marge.Get(t, page).Wants(t, 404)
		s.Homer.Post(t, page+"/state", "to", "open").Wants(t, 200).Says(t, "Homer will see the values of one device")
		s.Homer.Post(t, page+"/state", "to", "open", "sure", "1").Wants(t, 303)
		s.Marge.Get(t, "/c/"+d.Channel).Wants(t, 200)
	})
	t.Run("a place moves with all that lies in it", func(t *testing.T) {
		s.Homer.Post(t, page+"/move", "parent", string(s.Plant)).Wants(t, 200).Says(t, "Move Home into Power plant?")
		s.Homer.Post(t, page+"/move", "parent", string(s.Plant), "sure", "1").Wants(t, 303)
		if p := s.Homer.Get(t, "/orgs/"+string(s.Plant)).Wants(t, 200); strings.Contains(p.Body, `<option value="`+string(s.Household)) {
			t.Error("a place is offered what lies in it")
		}
		s.Homer.Post(t, "/orgs/"+string(s.Plant)+"/move", "parent", string(s.Household)).Wants(t, 409)
	})
	t.Run("closing wants the name", func(t *testing.T) {
		s.Homer.Get(t, page+"/close").Wants(t, 200).Says(t, "Close Home?", "Marge loses")
		s.Homer.Post(t, page+"/close", "name", "Hom").Wants(t, 422).Says(t, "not the name", `value="Hom"`)
		s.Homer.Post(t, page+"/close", "name", "Home").Wants(t, 303)
		s.Homer.Get(t, page).Says(t, "Closed", "Open again")
	})
}

func TestATenantPutsRolesTogether(t *testing.T) {
	s := furnished(t)
	d, _ := s.Board(t, s.Household, "74743827342", "Living room")
	at := "/roles?org=" + string(s.Tenant)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "None so far", "Look after devices")
	s.Marge.Get(t, "/roles").Wants(t, 404)
	s.Homer.Post(t, at, "name", "Caretaker").Wants(t, 422).Says(t, "one at least", `value="Caretaker"`)
	s.Homer.Post(t, at, "name", "Caretaker", "set:view", "on", "set:operate", "on").Wants(t, 303)
	s.Homer.Post(t, at, "name", "Caretaker", "set:view", "on").Wants(t, 422).Says(t, "this name already")
	page := s.Homer.Get(t, at).Wants(t, 200).Says(t, "Caretaker", "Held 0 times").Find(t, `href="(/roles/[0-9a-z]{20})"`)
	id := strings.TrimPrefix(page, "/roles/")

	marge, err := s.Users.ByEmail(t.Context(), "marge@simps.net")
	if err != nil {
		t.Fatal(err)
	}
	person := "/people/" + string(marge.ID) + "?org=" + string(s.Household)
	s.Homer.Get(t, person).Says(t, "Caretaker")
	s.Homer.Post(t, "/people/"+string(marge.ID)+"/roles", "org", string(s.Household), "role", "custom:"+id, "sure", "1").Wants(t, 303)
	s.Homer.Get(t, at).Says(t, "Held once")
	s.Homer.Get(t, "/people?org="+string(s.Household)).Says(t, "Caretaker")
	s.Marge.Post(t, "/devices/"+string(d.ID)+"/name", "name", "Lounge").Wants(t, 303)

	s.Homer.Post(t, page, "name", "Looker", "set:view", "on").Wants(t, 303)
	s.Marge.Post(t, "/devices/"+string(d.ID)+"/name", "name", "Parlour").Wants(t, 403)
	s.Homer.Post(t, page+"/end").Wants(t, 200).Says(t, "End the role Looker?")
	s.Homer.Post(t, page+"/end", "sure", "1").Wants(t, 303)
	s.Homer.Get(t, at).Silent(t, "Looker")
	s.Homer.Get(t, page).Wants(t, 404)
	s.Homer.Get(t, "/activity").Says(t, "put together the role <strong>Caretaker</strong>", "ended the role <strong>Looker</strong>", "the role Own role in")
}

func TestPlacesRolesAndHandOversAreFitForEverybody(t *testing.T) {
	s := furnished(t)
	flanders(t, s)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 10, time.Minute, 21)
	other, _ := s.Board(t, s.Household, "74743827343", "Cellar")
	s.Homer.Post(t, "/roles", "name", "Caretaker", "set:view", "on", "set:operate", "on", "set:read-keys", "on").Wants(t, 303)
	s.Homer.Post(t, "/roles", "name", "Bookkeeper", "set:audit", "on").Wants(t, 303)
	role := s.Homer.Get(t, "/roles").Find(t, `href="(/roles/[0-9a-z]{20})"`)
	s.Homer.Post(t, "/devices/"+string(d.ID)+"/hand-over", "to", "the-flanders", "reason", "Sold at the yard sale", "sure", "1").Wants(t, 303)
	s.Homer.Post(t, "/orgs/"+string(s.Plant)+"/state", "sure", "1").Wants(t, 303)

	tab, base := signedIn(t, s, "homer")
	look(t, tab, "org", base+"/orgs/"+string(s.Household))
	look(t, tab, "tenant", base+"/orgs/"+string(s.Tenant))
	look(t, tab, "shut", base+"/orgs/"+string(s.Plant))
	look(t, tab, "orgs-shut", base+"/orgs")
	look(t, tab, "close", base+"/orgs/"+string(s.Household)+"/close")
	look(t, tab, "roles", base+"/roles")
	look(t, tab, "role", base+role)
	look(t, tab, "transfers", base+"/transfers")
	look(t, tab, "hand-over", base+"/devices/"+string(other.ID)+"/hand-over")
	look(t, tab, "device-settings", base+"/devices/"+string(other.ID))
	goes(t, tab, base+"/orgs/"+string(s.Household), "#above")
	presses(t, tab, "form[action$='/state'] button", says("Suspend Household?"))
	picture(t, tab, "suspend")
	tab, base = signedIn(t, s, "ned")
	look(t, tab, "transfers-in", base+"/transfers")
}

// flanders is Ned, who owns the house next door.
func flanders(t *testing.T, s *webtest.Simpsons) *webtest.Browser {
	t.Helper()
	ned := s.Browser(t)
	ned.Post(t, "/register", "organisation", "The Flanders", "name", "Ned", "email", "ned@simps.net", "password", webtest.Password).Wants(t, 303)
	return ned
}

func TestADeviceIsHandedOverNextDoor(t *testing.T) {
	s := furnished(t)
	ned := flanders(t, s)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 3, time.Minute, 21)
	hand := "/devices/" + string(d.ID) + "/hand-over"
	s.Homer.Get(t, "/devices/"+string(d.ID)).Wants(t, 200).Says(t, hand)
	s.Homer.Get(t, hand).Wants(t, 200).Says(t, "Hand Living room over")
	s.Marge.Get(t, hand).Wants(t, 403)
	s.Homer.Post(t, hand, "to", "nobody").Wants(t, 422).Says(t, `value="nobody"`)
	s.Homer.Post(t, hand, "to", "the-flanders", "reason", "sold").Wants(t, 200).Says(t, "Offer Living room to the-flanders?", "The write key of Living room ends.")
	s.Homer.Post(t, hand, "to", "the-flanders", "reason", "sold", "sure", "1").Wants(t, 303)
	ned.Get(t, "/").Wants(t, 200).Says(t, "A device is offered to you")
	s.Homer.Get(t, "/transfers").Wants(t, 200).Says(t, "Offered to The Flanders", "sold")
	offer := ned.Get(t, "/transfers").Wants(t, 200).Says(t, "Homer of The Simpsons offers it to you").Find(t, `/transfers/([0-9a-z]{20})/accept`)
	s.Marge.Get(t, "/transfers").Wants(t, 200).Silent(t, "Living room")
	s.Marge.Post(t, "/transfers/"+offer+"/accept", "into", string(s.Household), "sure", "1").Wants(t, 404)
	ned.Post(t, "/transfers/"+offer+"/decline").Wants(t, 303)
	s.Homer.Get(t, "/transfers").Says(t, "Nothing on offer")

	s.Homer.Post(t, hand, "to", "the-flanders", "sure", "1").Wants(t, 303)
	page := ned.Get(t, "/transfers")
	offer, into := page.Find(t, `/transfers/([0-9a-z]{20})/accept`), page.Find(t, `<option value="([0-9a-z]{20})"`)
	ned.Post(t, "/transfers/"+offer+"/accept", "into", into).Wants(t, 200).Says(t, "Take it over into The Flanders?")
	at := ned.Post(t, "/transfers/"+offer+"/accept", "into", into, "sure", "1").Wants(t, 303).Header.Get("Location")
	ned.Get(t, at).Wants(t, 200).Says(t, "Living room", "74743827342")
	s.Homer.Get(t, at).Wants(t, 404)
	s.Homer.Get(t, "/devices").Silent(t, "Living room")
	s.Homer.Post(t, "/transfers/"+offer+"/cancel").Wants(t, 404)
}

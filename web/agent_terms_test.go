package web_test

import (
	"testing"

	"halfkey/web/webtest"
)

// An organisation's size is the platform's to say, how its agents are treated its own.
func TestWhoRunsThePlatformMakesRoomForAgents(t *testing.T) {
	s := furnished(t)
	frink := s.Browser(t)
	frink.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	at := "/admin/orgs/" + string(s.Tenant)
	frink.Get(t, at).Wants(t, 200).Says(t, at+"/agents")
	frink.Get(t, at+"/agents").Wants(t, 200).Says(t, "No limit", "XXS: 2 agents", "XL: 500 agents", "There are 0 agents")
	frink.Post(t, at+"/agents", "size", "XXL").Wants(t, 422).Says(t, "These terms cannot be kept")
	frink.Post(t, at+"/agents", "size", "XXS").Wants(t, 303)
	s.Homer.Post(t, at+"/agents", "size", "XL").Wants(t, 404)
	s.Homer.Foreign(t, "/agents/terms", "org", string(s.Tenant)).Wants(t, 403)
	for _, name := range []string{"one", "two"} {
		s.Homer.Post(t, "/agents", "name", name, "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303)
	}
	s.Homer.Post(t, "/agents", "name", "three", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 422).Says(t, "has room for")
	s.Homer.Get(t, "/agents").Says(t, "2 of 2 agents of size XXS", "whoever runs this Halfkey").Silent(t, "Raise the size")
	frink.Post(t, at+"/agents", "size", "XS").Wants(t, 303)
	bump(t, s)
	s.Homer.Post(t, "/agents", "name", "three", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303)
	frink.Get(t, at+"/agents").Says(t, "3 of 50 agents of size XS", "There are 3 agents")
}

func TestAnOrganisationSaysHowItsTokensAreSigned(t *testing.T) {
	s := furnished(t)
	org := string(s.Tenant)
	page := s.Homer.Get(t, "/agents/terms?org="+org).Wants(t, 200).Says(t, "How agents are treated", "platform’s key")
	page.Silent(t, "Change it now")
	s.Homer.Post(t, "/agents/terms", "org", org, "alg", "ES256", "token", "60").Wants(t, 422).Says(t, "These terms cannot be kept")
	s.Homer.Post(t, "/agents/terms/key", "org", org, "sure", "1").Wants(t, 409).Says(t, "platform")
	s.Homer.Post(t, "/agents/terms", "org", org, "alg", "RS256", "token", "1800", "replays", "1").Wants(t, 303)
	bump(t, s)
	first := s.Homer.Get(t, "/agents/terms?org="+org).Says(t, "organisation’s own", "Change it now", "RS256").Find(t, `<code>([0-9a-z]+)</code>`)
	s.Homer.Post(t, "/agents/terms/key", "org", org).Wants(t, 200).Says(t, "Change the signing key now?", "stay good until they end", "25 h")
	s.Homer.Post(t, "/agents/terms/key", "org", org, "sure", "1").Wants(t, 303)
	bump(t, s)
	bump(t, s)
	if next := s.Homer.Get(t, "/agents/terms?org="+org).Find(t, `<code>([0-9a-z]+)</code>`); next == first {
		t.Error("the same key signs")
	}
	carl := integrator(t, s, s.Plant) // of one place, not of the whole organisation
	carl.Get(t, "/agents").Wants(t, 200).Silent(t, "/agents/terms")
	carl.Get(t, "/agents/terms?org="+string(s.Plant)).Wants(t, 404)
	frink := s.Browser(t)
	frink.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	frink.Get(t, "/admin").Wants(t, 200).Says(t, `href="/admin/signing-key"`)
	frink.Get(t, "/admin/signing-key").Wants(t, 200).Says(t, "ES256", "Change it now")
	frink.Post(t, "/admin/signing-key").Wants(t, 200).Says(t, "Change the signing key now?")
	frink.Post(t, "/admin/signing-key", "sure", "1").Wants(t, 303)
	s.Homer.Get(t, "/admin/signing-key").Wants(t, 404)
	s.Homer.Post(t, "/admin/signing-key", "sure", "1").Wants(t, 404)
	s.Homer.Get(t, "/activity?org="+org).Says(t, "changed how agents of")
}

func TestHowAgentsAreTreatedIsLookedAt(t *testing.T) {
	s := furnished(t)
	org := string(s.Tenant)
	s.Homer.Post(t, "/agents", "name", "press 7", "profile", "RSA_3072", "org", string(s.Plant)).Wants(t, 303)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "agent-new", base+"/agents/new")
	look(t, tab, "agents-terms", base+"/agents/terms?org="+org)
	s.Homer.Post(t, "/agents/terms", "org", org, "alg", "RS256", "token", "1800", "replays", "1").Wants(t, 303)
	bump(t, s)
	look(t, tab, "agents-terms-own", base+"/agents/terms?org="+org)
	admin, base := signedIn(t, s, "frink")
	for name, path := range map[string]string{"admin": "/admin", "admin-agents": "/admin/orgs/" + org + "/agents", "admin-signing-key": "/admin/signing-key"} {
		look(t, admin, name, base+path)
	}
	goes(t, admin, base+"/admin/signing-key", "#key")
	clicks(t, admin, `form[action='/admin/signing-key'] button`)
	waits(t, admin, says("Change the signing key now?"))
	picture(t, admin, "admin-signing-key-sure")
}

package orgs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

func TestTheSetupLinkOpensOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newBare(t, db)
		if !h.NeedsSetup(h.out) {
			t.Fatal("set up by itself")
		}
		_, err := h.Found(h.out, orgs.FoundRequest{Organisation: "O", Name: "N", Email: "a@b", Password: password})
		if !errors.Is(err, orgs.ErrSignUpClosed) {
			t.Errorf("founded before the setup: %v", err)
		}
		token, err := h.SetupLink(h.out)
		h.ok(err)
		again, err := h.replica(h.Vault).SetupLink(h.out)
		h.ok(err)
		if token != again {
			t.Error("a second replica prints another link, and the first no longer works")
		}
		good := orgs.SetupRequest{Token: token, Name: "Admin", Email: "admin@simps.net", Password: password, BaseURL: "https://halfkey.example.net/"}
		for _, bad := range []vault.Secret{"", "x", iam.RandomToken()} {
			r := good
			r.Token = bad
			if _, err := h.Setup(h.out, r); !errors.Is(err, orgs.ErrSetupToken) {
				t.Errorf("%v", err)
			}
		}
		_, err = h.Setup(h.out, orgs.SetupRequest{Token: token, Name: " ", Email: "x", Password: "x", BaseURL: "ftp://x", SignUp: "yes"})
		if got := fields(err); !slices.Equal(got, []string{"name", "email", "password", "base_url", "sign_up"}) {
			t.Errorf("%v: %v", got, err)
		}
		results := make(chan error, 4)
		for range cap(results) {
			go func() { _, err := h.Setup(h.out, good); results <- err }()
		}
		done := 0
		for range cap(results) {
			if err := <-results; err == nil {
				done++
			} else if !errors.Is(err, orgs.ErrSetupToken) {
				t.Errorf("%v", err)
			}
		}
		if done != 1 || h.NeedsSetup(h.out) || h.leaks(token.Reveal()) {
			t.Errorf("%d setups; needs one: %v", done, h.NeedsSetup(h.out))
		}
		if url, err := h.Settings.Get(h.out, iam.SettingBaseURL); err != nil || url != "https://halfkey.example.net" {
			t.Errorf("%q %v", url, err)
		}
	})
}

func TestALockedOutAdministratorComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		old, _, err := h.Sessions.SignIn(h.out, "admin@simps.net", password, iam.Visit{})
		h.ok(err)
		token, err := h.SetupLink(h.out)
		h.ok(err)
		r := orgs.SetupRequest{Token: token, Name: "Admin", Email: "homer@simps.net", Password: "another good sentence"}
		if _, err := h.Setup(h.out, r); !slices.Equal(fields(err), []string{"email"}) {
			t.Errorf("the console took Homer's account over: %v", err)
		}
		r.Email = "admin@simps.net"
		_, err = h.Setup(h.out, r)
		h.ok(err)
		if _, err := h.Sessions.Find(h.out, old); !errors.Is(err, iam.ErrSignedOut) {
			t.Errorf("the old session lives: %v", err)
		}
		if _, _, err := h.Sessions.SignIn(h.out, "admin@simps.net", "another good sentence", iam.Visit{}); err != nil {
			t.Errorf("%v", err)
		}
		if open, _ := h.Settings.Get(h.out, iam.SettingSignUp); open != iam.SignUpOpen {
			t.Error("the sign-up setting was lost on the way")
		}
		expired, err := h.SetupLink(h.out)
		h.ok(err)
		h.pass(7 * 24 * time.Hour)
		r.Token = expired
		if _, err := h.Setup(h.out, r); !errors.Is(err, orgs.ErrSetupToken) {
			t.Errorf("a week later: %v", err)
		}
	})
}

func TestFoundingMakesAllThatIsNeeded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		for _, act := range []policies.Action{policies.ReadDevice, policies.ManagePeople, policies.RevealRegistrationKey} {
			h.ok(h.Decider.Require(h.homer, act, h.simpsons))
		}
		if roles, err := h.Decider.Of(h.homer, h.homerID); err != nil || len(roles) != 2 {
			t.Errorf("Homer is owner and member: %+v %v", roles, err)
		}
		connector, provider, err := h.Connectors.For(h.out, h.db, h.household)
		if err != nil || connector.Org != h.simpsons || provider.Name() != "embedded" {
			t.Errorf("%+v %v", connector, err)
		}
		k, err := h.KeyFor(h.homer, h.simpsons)
		if err != nil || k.ID != h.key || k.Form != orgs.Standard || k.SimpleDoor || k.Reboarding != orgs.ReboardApprove || k.CreatedBy != h.homerID {
			t.Errorf("%+v %v", k, err)
		}
		if got := h.verbs(h.simpsons); !slices.Equal(got, []string{"org.found", "org.make", "org.make"}) {
			t.Errorf("the trail says %v", got)
		}
		o, err := h.Get(h.homer, h.simpsons)
		if err != nil || o.Slug != "the-simpsons" || o.Kind != orgs.Tenant || o.Tenant != o.ID {
			t.Errorf("%+v %v", o, err)
		}
	})
}

func TestTheFormTellsWhatIsWrong(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	_, err := h.Found(h.out, orgs.FoundRequest{Organisation: "", Name: "\x00", Email: "homer", Password: "short"})
	if got := fields(err); !slices.Equal(got, []string{"organisation", "name", "email", "password"}) || fault.Of(err).Kind != fault.Unprocessable {
		t.Errorf("%v", got)
	}
	_, err = h.Found(h.out, orgs.FoundRequest{Organisation: "Again", Name: "Homer", Email: "HOMER@simps.net", Password: password})
	if got := fields(err); !slices.Equal(got, []string{"email"}) {
		t.Errorf("%v", err)
	}
}

// A failure midway, wherever it is, must not block the e-mail for ever.
func TestAFailureMidwayBlocksNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		bart := orgs.FoundRequest{Organisation: "Bart Inc", Name: "Bart", Email: "bart@simps.net", Password: password}
		for _, table := range []string{"orgs", "org_closure", "users", "assignments", "connectors", "registration_keys", "audit", "tenant_keys"} {
			h.ok(h.db.Exec("ALTER TABLE " + table + " RENAME TO away").Error)
			if _, err := h.Found(h.out, bart); err == nil {
				t.Fatalf("founded without %s", table)
			}
			h.ok(h.db.Exec("ALTER TABLE away RENAME TO " + table).Error)
		}
		f, err := h.Found(h.out, bart)
		if err != nil {
			t.Fatalf("the same form again: %v", err)
		}
		h.ok(h.Decider.Require(h.as(f.User), policies.ManageOrg, f.Tenant))
		var n int64
		h.ok(h.db.Table("orgs").Where("name = ?", "Bart Inc").Count(&n).Error)
		if n != 1 {
			t.Errorf("%d organisations", n)
		}
	})
}

func TestTheSameFormTwiceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		results := make(chan error, 4)
		for range cap(results) {
			go func() {
				_, err := h.Found(h.out, orgs.FoundRequest{Organisation: "Moe's", Name: "Moe", Email: "moe@simps.net", Password: password})
				results <- err
			}()
		}
		done := 0
		for range cap(results) {
			if err := <-results; err == nil {
				done++
			} else if !slices.Equal(fields(err), []string{"email"}) {
				t.Errorf("%v", err)
			}
		}
		if done != 1 {
			t.Errorf("%d founded", done)
		}
	})
}

func TestInvitedOnlyMeansNobodyFounds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		h.ok(h.Settings.Set(h.db, iam.SettingSignUp, iam.SignUpInvited))
		if _, err := h.Found(h.out, orgs.FoundRequest{Organisation: "O", Name: "N", Email: "n@b", Password: password}); !errors.Is(err, orgs.ErrSignUpClosed) {
			t.Fatalf("got %v", err)
		}
		moes, err := h.NewOrg(h.admin, h.root, "Moe's", "")
		h.ok(err)
		if moes.Kind != orgs.Tenant || moes.Tenant != moes.ID {
			t.Errorf("%+v", moes)
		}
		token, _, err := h.Invite(h.admin, moes.ID, "moe@simps.net", "owner")
		h.ok(err)
		moe, err := h.Accept(h.out, token.Reveal(), "Moe", iam.Choice{Password: password})
		h.ok(err)
		if _, err := h.KeyFor(h.as(moe), moes.ID); err != nil {
			t.Errorf("no key to begin with: %v", err)
		}
		if _, _, err := h.Invite(h.admin, moes.ID, "admin@simps.net", "owner"); !errors.Is(err, policies.ErrBeyond) {
			t.Errorf("the platform takes Moe's over: %v", err)
		}
	})
}

func fields(err error) (names []string) {
	if err == nil {
		return nil
	}
	for _, f := range fault.Of(err).Fields {
		names = append(names, f.Where)
	}
	return names
}

func FuzzParseBaseURL(f *testing.F) {
	for _, s := range []string{"https://halfkey.example.net/", "http://[::1]:8080", "http://x/y/", "//x", "https://a:b@c", "http://x?y", "http://x#", "javascript:alert(1)", "http://x\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := orgs.ParseBaseURL(s)
		if err != nil {
			return
		}
		if strings.HasSuffix(u, "/") || !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") || strings.ContainsAny(u, " ?#\n\"<>") {
			t.Errorf("%q is an address", u)
		}
		if again, err := orgs.ParseBaseURL(u); err != nil || again != u {
			t.Errorf("%q is not its own normal form: %q %v", u, again, err)
		}
	})
}

func FuzzParseKind(f *testing.F) {
	f.Add("household")
	f.Add("tenant")
	f.Add("platform")
	f.Fuzz(func(t *testing.T, s string) {
		if k, err := orgs.ParseKind(s); err == nil && (k == orgs.Tenant || k == orgs.Platform || k == "") {
			t.Errorf("%q can be chosen", s)
		}
	})
}

package orgs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"halfkey/iam"
	"halfkey/iam/fault"
	"halfkey/iam/limit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// machines is the house's service accounts and tokens.
func (h *house) machines() orgs.Machines {
	return orgs.Machines{Orgs: h.Service, Services: &iam.Services{DB: h.db, Now: h.now},
		Tokens: iam.NewAPITokens(iam.APITokenParts{DB: h.db, Vault: h.Vault, Limits: limit.New(nil, h.now), Versions: iam.NewVersions(h.db), Now: h.now})}
}

const desk = "192.0.2.9"

// enter shows a token, and gives what follows from it.
func enter(t *testing.T, m orgs.Machines, token vault.Secret) context.Context {
	t.Helper()
	ctx, _, err := m.Enter(context.Background(), token.Reveal(), desk)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %v", err, want)
	}
}

func TestAServiceAccountDoesWhatItsRolesSayAndNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		m := h.machines()
		a, err := m.NewService(h.homer, h.household, "Grafana", "")
		h.ok(err)
		if a.Owner != h.homerID || a.Org != h.household || a.Tenant != h.simpsons {
			t.Fatalf("%+v", a)
		}
		token, made, err := m.NewServiceToken(h.homer, a.ID, "first", time.Time{}, h.now().Add(24*time.Hour))
		h.ok(err)
		bot := enter(t, m, token)
		wants(t, h.Decider.Require(bot, policies.ReadDevice, h.household), policies.ErrHidden) // no role, no right
		_, err = m.GiveServiceRole(h.homer, a.ID, "viewer", "")
		h.ok(err)
		bot = enter(t, m, token)
		h.ok(h.Decider.Require(bot, policies.ReadDevice, h.household))
		wants(t, h.Decider.Require(bot, policies.ManageDevice, h.household), policies.ErrRefused)
		wants(t, h.Decider.Require(bot, policies.ReadDevice, h.plant), policies.ErrHidden)
		_, err = m.GiveServiceRole(h.homer, a.ID, "viewer", h.plant)
		wants(t, err, iam.ErrForm) // it belongs to Household
		_, _, err = h.Invite(bot, h.household, "bart@simps.net", "viewer")
		if err == nil {
			t.Fatal("a viewer invites")
		}
		list, err := m.List(h.homer, h.simpsons)
		h.ok(err)
		if len(list) != 1 || list[0].OwnerName != "Homer" || !list[0].Stands || len(list[0].Seats) != 1 || list[0].Seats[0].Role != policies.Viewer {
			t.Fatalf("%+v", list)
		}
		one, err := m.Get(h.homer, a.ID)
		h.ok(err)
		if len(one.Tokens) != 1 || one.Tokens[0].ID != made.ID || one.Tokens[0].UsedAt.IsZero() {
			t.Fatalf("%+v", one.Tokens)
		}
		if h.leaks(token.Reveal()) {
			t.Fatal("the token stands in the database")
		}
		h.ok(m.EndServiceRole(h.homer, a.ID, one.Seats[0].ID))
		wants(t, h.Decider.Require(enter(t, m, token), policies.ReadDevice, h.household), policies.ErrHidden)
	})
}

func TestTokensOverlapSoThatNothingStops(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	m := h.machines()
	a, err := m.NewService(h.homer, h.household, "Grafana", "")
	h.ok(err)
	old, first, err := m.NewServiceToken(h.homer, a.ID, "old", time.Time{}, h.now().Add(2*time.Hour))
	h.ok(err)
	next, _, err := m.NewServiceToken(h.homer, a.ID, "new", h.now().Add(time.Hour), h.now().Add(4*time.Hour))
	h.ok(err)
	opens := func(token vault.Secret) bool { _, _, err := m.Enter(h.out, token.Reveal(), desk); return err == nil }
	if !opens(old) || opens(next) {
		t.Fatal("at first the old one alone")
	}
	h.pass(90 * time.Minute)
	if !opens(old) || !opens(next) {
		t.Fatal("then both")
	}
	h.ok(m.RevokeServiceToken(h.homer, a.ID, first.ID))
	if opens(old) || !opens(next) {
		t.Fatal("then the new one alone")
	}
	_, _, err = m.Authenticate(h.out, string(a.ID), next.Reveal(), desk)
	h.ok(err)
	_, _, err = m.Authenticate(h.out, string(h.homerID), next.Reveal(), desk)
	wants(t, err, iam.ErrToken)
	h.ok(m.EndService(h.homer, a.ID))
	if opens(next) {
		t.Fatal("the account has ended")
	}
}

func TestAServiceAccountFallsWithItsOwnersRight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		m := h.machines()
		ned := h.join("ned", h.household, policies.Manager)
		nedID, _ := policies.Asking(ned)
		a, err := m.NewService(ned, h.household, "Bot", "")
		h.ok(err)
		token, _, err := m.NewServiceToken(ned, a.ID, "x", time.Time{}, h.now().Add(time.Hour))
		h.ok(err)
		opens := func() error { _, _, err := m.Enter(h.out, token.Reveal(), desk); return err }
		h.ok(opens())
		seats, err := h.Decider.Of(h.homer, nedID)
		h.ok(err)
		h.ok(h.EndRole(h.homer, seats[0].ID, orgs.With{}))
		wants(t, opens(), iam.ErrToken)
		list, err := m.List(h.homer, h.household)
		h.ok(err)
		if len(list) != 1 || list[0].Stands {
			t.Fatalf("%+v", list)
		}
		changed, err := m.ChangeService(h.homer, a.ID, a.Version, "Bot", h.homerID)
		h.ok(err)
		if changed.Owner != h.homerID || changed.Version != a.Version+1 {
			t.Fatalf("%+v", changed)
		}
		wants(t, opens(), iam.ErrToken) // what Ned may have kept opens nothing
		fresh, _, err := m.NewServiceToken(h.homer, a.ID, "y", time.Time{}, h.now().Add(time.Hour))
		h.ok(err)
		enter(t, m, fresh)
		_, err = m.ChangeService(h.homer, a.ID, a.Version, "Robot", "")
		wants(t, err, iam.ErrChanged)
	})
}

func TestNobodyClimbsOverAServiceAccount(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	m := h.machines()
	ned := h.join("ned", h.household, policies.Manager)
	a, err := m.NewService(h.homer, h.household, "Bot", "")
	h.ok(err)
	_, err = m.GiveServiceRole(ned, a.ID, "owner", "")
	if f := fault.Of(err); f == nil || f.Kind == fault.Internal {
		t.Fatalf("%v", err)
	}
	_, err = m.GiveServiceRole(h.homer, a.ID, "owner", "")
	h.ok(err)
	_, _, err = m.NewServiceToken(ned, a.ID, "mine", time.Time{}, h.now().Add(time.Hour))
	wants(t, err, orgs.ErrServiceAbove)
	bart := h.join("bart", h.household, policies.Member)
	_, err = m.List(bart, h.household)
	wants(t, err, policies.ErrRefused)
	_, err = m.Get(bart, a.ID)
	wants(t, err, iam.ErrServiceUnknown)
	wants(t, m.EndService(bart, a.ID), iam.ErrServiceUnknown)
	_, err = m.NewService(bart, h.household, "Mine", "")
	wants(t, err, policies.ErrRefused)
}

func TestAnIntegratorLooksAfterThoseThatHeMade(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	m := h.machines()
	carl := h.join("carl", h.household, policies.Integrator)
	homers, err := m.NewService(h.homer, h.household, "Homer's", "")
	h.ok(err)
	carls, err := m.NewService(carl, h.household, "Carl's", "")
	h.ok(err)
	list, err := m.List(carl, h.household)
	h.ok(err)
	if len(list) != 1 || list[0].ID != carls.ID || !list[0].Stands {
		t.Fatalf("%+v", list)
	}
	role, err := m.GiveServiceRole(carl, carls.ID, "integrator", "")
	h.ok(err)
	_, err = m.GiveServiceRole(carl, carls.ID, "manager", "")
	wants(t, err, iam.ErrForm)
	token, _, err := m.NewServiceToken(carl, carls.ID, "x", time.Time{}, h.now().Add(time.Hour))
	h.ok(err)
	h.ok(h.Decider.Require(enter(t, m, token), policies.ManageAgent, h.household))
	h.ok(m.EndServiceRole(carl, carls.ID, role))
	_, err = m.Get(carl, homers.ID)
	wants(t, err, iam.ErrServiceUnknown)
	_, err = m.ChangeService(carl, homers.ID, 0, "Mine", "")
	wants(t, err, iam.ErrServiceUnknown)
}

func TestAPersonsTokenDoesNoMoreThanItWasCutTo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		m := h.machines()
		year := h.now().Add(365 * 24 * time.Hour)
		all, _, err := m.NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "all", NotAfter: year})
		h.ok(err)
		cut, cutToken, err := m.NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "charts", NotAfter: year, Role: "viewer", Org: h.household})
		h.ok(err)
		h.ok(h.Decider.Require(enter(t, m, all), policies.ManageOrg, h.simpsons))
		in := enter(t, m, cut)
		h.ok(h.Decider.Require(in, policies.ReadDevice, h.household))
		wants(t, h.Decider.Require(in, policies.ManageDevice, h.household), policies.ErrRefused)
		wants(t, h.Decider.Require(in, policies.ReadDevice, h.plant), policies.ErrHidden)
		scope, err := h.Decider.Scope(in, policies.ReadDevice)
		h.ok(err)
		if scope.Has(h.plant) || !scope.Has(h.household) {
			t.Fatal("a list shows more than a page")
		}
		later, _, err := m.EnterAgain(h.out, cutToken.ID, desk) // what was given for it
		h.ok(err)
		wants(t, h.Decider.Require(later, policies.ManageDevice, h.household), policies.ErrRefused)
		wants(t, h.Decider.Require(later, policies.ReadDevice, h.plant), policies.ErrHidden)
		gone, goneToken, err := m.NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "gone", NotAfter: year, Role: "viewer"})
		h.ok(err)
		h.ok(db.Gorm.Exec("UPDATE api_tokens SET cut_role = 'no-more' WHERE id = ?", string(goneToken.ID)).Error)
		_, _, err = m.Enter(h.out, gone.Reveal(), desk)
		wants(t, err, iam.ErrToken) // and not one that may everything
		h.ok(m.RevokeOwnToken(h.homer, goneToken.ID))
		reads, _, err := m.NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "reads", NotAfter: year, Role: "viewer"})
		h.ok(err)
		h.join("bart", h.household, policies.Member)
		held, err := h.Decider.Of(h.homer, h.homerID)
		h.ok(err)
		for _, a := range held {
			_, err = h.Lend(enter(t, m, reads), orgs.LendRequest{Leans: a.ID, To: "bart@simps.net", Role: "viewer", Until: year})
			wants(t, err, policies.ErrRefused) // it would let in whom it cannot let in itself
			_, err = h.Lend(enter(t, m, reads), orgs.LendRequest{Leans: a.ID, To: "bart@simps.net", Role: "member", Until: year})
			wants(t, err, policies.ErrLent)
			wants(t, h.EndRole(in, a.ID, orgs.With{}), policies.ErrRefused) // nor does it give up what is Homer's
			wants(t, h.EndRole(enter(t, m, reads), a.ID, orgs.With{}), policies.ErrRefused)
		}
		wants(t, h.Leave(enter(t, m, reads), h.simpsons, orgs.With{}), policies.ErrRefused)
		_, err = h.Lend(enter(t, m, all), orgs.LendRequest{Leans: held[0].ID, To: "bart@simps.net", Role: "viewer", Until: year})
		h.ok(err)
		_, _, err = m.NewOwnToken(in, orgs.OwnTokenRequest{Label: "more", NotAfter: year})
		wants(t, err, orgs.ErrTokenByToken)
		_, _, err = m.NewOwnToken(enter(t, m, all), orgs.OwnTokenRequest{Label: "more", NotAfter: year})
		wants(t, err, orgs.ErrTokenByToken)
		_, _, err = m.NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "long", NotAfter: h.now().Add(400 * 24 * time.Hour), Role: "king"})
		if f := fault.Of(err); len(f.Fields) != 2 {
			t.Fatalf("%v", err)
		}
		list, err := m.OwnTokens(h.homer)
		h.ok(err)
		if len(list) != 3 {
			t.Fatalf("%+v", list)
		}
		lisa := h.join("lisa", h.household, policies.Member)
		wants(t, m.RevokeOwnToken(lisa, cutToken.ID), iam.ErrTokenUnknown)
		wants(t, m.RevokeOwnToken(enter(t, m, all), cutToken.ID), orgs.ErrTokenByToken)
		h.ok(m.RevokeOwnToken(in, cutToken.ID)) // itself it may
		_, _, err = m.Enter(h.out, cut.Reveal(), desk)
		wants(t, err, iam.ErrToken)
	})
}

// A place that asks for a passkey is not read with a token that a password made.
func TestATokenIsWorthWhatItsMakersSignInWas(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	m := h.machines()
	made := func(by iam.Assurance) vault.Secret {
		token, _, err := m.NewOwnToken(h.homer, orgs.OwnTokenRequest{Label: "x", NotAfter: h.now().Add(time.Hour), Assurance: by})
		h.ok(err)
		return token
	}
	weak, strong := made(iam.Password), made(iam.Passkey)
	_, err := h.Settle(policies.WithAssurance(h.homer, iam.Passkey), h.household, orgs.Settings{MinCredential: new("passkey")}, orgs.With{})
	h.ok(err)
	wants(t, h.Decider.Require(enter(t, m, weak), policies.ReadDevice, h.household), policies.ErrUnproved)
	h.ok(h.Decider.Require(enter(t, m, strong), policies.ReadDevice, h.household))
}

func TestAPersonIsSwitchedOffByThoseWhoMayAsMuch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		ned := h.join("ned", h.simpsons, policies.Manager)
		bart := h.join("bart", h.household, policies.Member)
		nedID, _ := policies.Asking(ned)
		bartID, _ := policies.Asking(bart)
		wants(t, h.Disable(ned, h.homerID), orgs.ErrAbove)
		wants(t, h.Disable(bart, nedID), iam.ErrUserUnknown)
		wants(t, h.Disable(h.homer, h.homerID), orgs.ErrMyself)
		wants(t, h.Disable(h.admin, h.homerID), policies.ErrLastOwner)
		h.ok(h.Disable(ned, bartID))
		h.ok(h.Disable(ned, bartID)) // twice changes nothing
		wants(t, h.Decider.Require(bart, policies.ReadDevice, h.household), policies.ErrHidden)
		h.ok(h.Enable(ned, bartID))
		h.ok(h.Decider.Require(bart, policies.ReadDevice, h.household))
		lisa := h.join("lisa", h.simpsons, policies.Owner)
		h.ok(h.Disable(lisa, h.homerID)) // another owner stays
		lisaID, _ := policies.Asking(lisa)
		wants(t, h.Disable(h.homer, lisaID), iam.ErrUserUnknown) // who is off does nothing
	})
}

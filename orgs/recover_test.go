package orgs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/notify"
	"halfkey/iam/notify/notifytest"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// id is who acts in a context.
func id(ctx context.Context) iam.UserID { return iam.UserID(audit.ActorFrom(ctx).ID) }

// A link that leads somebody back in is the account. Nobody makes one for a
// person who may more than he himself, or a manager would be an owner by it.
func TestNobodyClimbsByHelping(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		bart := h.join("bart", h.simpsons, policies.Manager)
		lisa := h.join("lisa", h.simpsons, policies.Manager)
		marge := h.join("marge", h.household, policies.Member)
		maggie := h.join("maggie", h.household, policies.Manager)
		moes, err := h.Found(h.out, orgs.FoundRequest{Organisation: "Moe's", Name: "Moe", Email: "moe@simps.net", Password: password})
		h.ok(err)
		moe := h.as(moes.User)
		for name, try := range map[string]struct {
			helper, who iam.UserID
			want        error
		}{
			"an owner helps a member":                {h.homerID, id(marge), nil},
			"an owner helps a manager":               {h.homerID, id(bart), nil},
			"a manager helps a member":               {id(bart), id(marge), nil},
			"a manager helps another manager":        {id(bart), id(lisa), nil},
			"a manager an owner":                     {id(bart), h.homerID, orgs.ErrHelpBeyond},
			"an administrator reads no values":       {h.adminID, h.homerID, orgs.ErrHelpBeyond},
			"a manager of a part, who is not home's": {id(maggie), id(marge), policies.ErrHidden},
			"a member":                               {id(marge), id(bart), policies.ErrHidden},
			"somebody from elsewhere":                {id(moe), id(marge), policies.ErrHidden},
			"an owner the platform's administrator":  {h.homerID, h.adminID, policies.ErrHidden},
			"oneself":                                {h.homerID, h.homerID, orgs.ErrHelpSelf},
			"nobody":                                 {h.homerID, iam.UserID(iam.NewID()), policies.ErrHidden},
		} {
			if err := h.MayHelp(h.out, try.helper, try.who); !errors.Is(err, try.want) {
				t.Errorf("%s: %v, want %v", name, err, try.want)
			}
		}
		t.Run("who also holds something elsewhere", func(t *testing.T) {
			token, _, err := h.Invite(moe, moes.Tenant, "marge@simps.net", string(policies.Member))
			h.ok(err)
			h.ok(h.AcceptAs(marge, token.Reveal()))
			if err := h.MayHelp(h.out, h.homerID, id(marge)); !errors.Is(err, orgs.ErrHelpBeyond) {
				t.Errorf("Homer gets into Moe's through Marge: %v", err)
			}
		})
	})
}

// posted is a house with mail.
func posted(t *testing.T, db *migrations.DB) (*house, *notifytest.Server) {
	t.Helper()
	h, server := newHouse(t, db), notifytest.Serve(t, nil)
	m, err := notify.NewMailer(notify.MailConfig{Host: server.Host, Port: server.Port, From: "halfkey@simps.net", Mode: notify.Plain})
	h.ok(err)
	h.Post = &notify.Service{DB: db.Gorm, Vault: h.Vault, Mailer: m, Now: h.now, Log: slog.New(slog.DiscardHandler),
		Base: func(context.Context) string { return "https://halfkey.example" },
		Write: func(kind string, d notify.Data) (notify.Words, error) {
			return notify.Words{Subject: d["Inviter"] + " " + kind + " " + d["Org"], Text: d["Link"]}, nil
		}}
	return h, server
}

// carry lets the queue's work be done.
func (h *house) carry() {
	h.t.Helper()
	var ids []string
	h.ok(h.db.Raw("SELECT id FROM letters WHERE state = 'waiting' ORDER BY created_at").Scan(&ids).Error)
	for _, id := range ids {
		h.ok(notify.Postman{Service: h.Post}.Work(h.t.Context(), &river.Job[notify.Delivery]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: notify.Delivery{Letter: id}}))
	}
}

func TestAnInvitationByMailConfirmsTheAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h, server := posted(t, db)
		homer := audit.WithActor(h.out, audit.Actor{Type: "user", ID: string(h.homerID), Name: "Homer"})
		_, err := h.InviteByMail(homer, h.household, "Marge@simps.net", string(policies.Member))
		h.ok(err)
		h.carry()
		letter := server.Await(t, "marge@simps.net")
		_, token, ok := strings.Cut(strings.TrimSpace(letter.Text), "https://halfkey.example/i/")
		if !ok || letter.Subject != "Homer invitation Household" {
			t.Fatalf("%+v", letter)
		}
		if h.leaks(token) {
			t.Error("the token is stored in clear")
		}
		marge, err := h.Accept(h.out, token, "Marge", iam.Choice{Password: password})
		h.ok(err)
		if at, err := h.Users.Confirmed(h.out, marge); err != nil || at.IsZero() {
			t.Errorf("she reads her mail, and it is not known: %v", err)
		}
		if at, err := h.Users.Confirmed(h.out, id(h.join("bart", h.household, policies.Member))); err != nil || !at.IsZero() {
			t.Errorf("a link that Homer saw confirms Bart's address: %v", err)
		}
	})
}

// What the inviter lost between the invitation and its acceptance is not handed on.
func TestAnInvitationIsWorthWhatItsAuthorStillIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := newHouse(t, db)
		bart := h.join("bart", h.simpsons, policies.Manager)
		token, _, err := h.Invite(bart, h.simpsons, "nelson@simps.net", string(policies.Manager))
		h.ok(err)
		people, err := h.People(h.homer, h.simpsons)
		h.ok(err)
		for _, p := range people {
			for _, seat := range p.Seats {
				if p.Name == "bart" {
					h.ok(h.EndRole(h.homer, seat.ID, orgs.With{}))
				}
			}
		}
		if _, err := h.Accept(h.out, token.Reveal(), "Nelson", iam.Choice{Password: password}); !errors.Is(err, orgs.ErrVoid) {
			t.Errorf("got %v", err)
		}
		if _, err := h.Users.ByEmail(h.out, "nelson@simps.net"); !errors.Is(err, iam.ErrUserUnknown) {
			t.Errorf("an account stays behind: %v", err)
		}
	})
}

package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/web/ui"
)

// accountPart is the fold of the registration form for an account that somebody
// has at a service outside. The key goes in and comes back in no page.
type accountPart struct {
	Addresses []string // where it may be; none: nobody is asked
	At        string
	Open      bool
	Tested    templ.Component // what the service said; nil: it was not asked
	Again     bool            // the key has to be typed once more

	draft *connectors.Draft // nil: none is brought along
	err   error             // of the test
}

// silent tells that the service did not answer, so that the account is kept and
// tried again later.
func (a accountPart) silent() bool { return a.draft != nil && a.err != nil }

func accountHint(ctx context.Context, a accountPart) string {
	if a.Again {
		return ui.T(ctx, "auth.account.again")
	}
	return ui.T(ctx, "connector.thingspeak.key.hint")
}

// host is an address without the dressing.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return rest
}

// bring reads the account and tries it. It fails when the account cannot be
// brought along as it is; that the service does not answer, or was asked too
// often, keeps nobody from founding.
func (d *Door) bring(c echo.Context, f *registerForm) error {
	key, asked := vault.Secret(strings.TrimSpace(c.FormValue("account_key"))), c.FormValue("do") == "check"
	if key == "" && !asked {
		return nil
	}
	a := accountPart{At: c.FormValue("account_at"), Open: true, Again: key != ""}
	w := orgs.AccountAt(a.At, key)
	report, err := d.Orgs.TryAccount(c.Request().Context(), *w, d.source(c.Request()))
	switch {
	case err == nil:
		a.draft, a.Tested = w, d.Tested(thingspeak.Provider, host(a.At), &report, nil)
	case errors.Is(err, connectors.ErrTestSilent), errors.Is(err, orgs.ErrAccountPace):
		a.draft, a.err, a.Tested = w, err, d.Tested(thingspeak.Provider, host(a.At), nil, err)
		err = nil
	default:
		a.Tested = d.Tested(thingspeak.Provider, host(a.At), nil, err)
	}
	f.Account = a
	return err
}

// answerAccount says what came of the trial, or what is wrong with the account.
func (d *Door) answerAccount(c echo.Context, f registerForm, err error) error {
	if err == nil {
		return d.answerRegister(c, http.StatusOK, f)
	}
	wrong, ok := wrongIn(err, "account_key")
	if !ok {
		return err
	}
	f.Wrong = wrong
	return d.answerRegister(c, http.StatusUnprocessableEntity, f)
}

package portal

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices"
	"halfkey/iam/audit"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// inventoryPage is a page of keys of one kind.
type inventoryPage struct {
	Org     string
	Kind    devices.KeyKind
	Kinds   []ui.Tab
	Only    []ui.Tab
	Chosen  string // all, never, old
	Keys    []devices.KeyEntry
	Now     time.Time
	Days    int // how old keys may grow here
	CanTerm bool
	Wrong   string
	Next    string
	CSV     string
}

// keyWish is what the address of the inventory says.
func keyWish(q url.Values) (f devices.Inventory, chosen string, err error) {
	if f.Kind, err = devices.ParseKeyKind(q.Get("kind")); err != nil {
		return f, "", err
	}
	switch chosen = q.Get("only"); chosen {
	case "never":
		f.Never = true
	case "old":
		f.Over = true
	case "":
		chosen = "all"
	default:
		return f, "", audit.ErrFilter
	}
	f.After = form.Words(q.Get("after"))
	return f, chosen, nil
}

func keysLink(path, org string, kind devices.KeyKind, chosen, after string) string {
	q := url.Values{"kind": {string(kind)}}
	if org != "" {
		q.Set("org", org)
	}
	if chosen != "all" {
		q.Set("only", chosen)
	}
	if after != "" {
		q.Set("after", after)
	}
	return path + "?" + q.Encode()
}

const keysAPage = 100

func (p *Portal) keyInventory(c echo.Context) error { return p.answerInventory(c, http.StatusOK, "") }

func (p *Portal) answerInventory(c echo.Context, status int, wrong string) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, ui.T(ctx, "audit.keys.title"), "inventory")
	if err != nil {
		return err
	}
	f, chosen, err := keyWish(c.QueryParams())
	if err != nil {
		return err
	}
	f.Org, f.Limit = h.Org.ID, keysAPage+1
	v := inventoryPage{Org: string(h.Org.ID), Kind: f.Kind, Chosen: chosen, Now: p.Now(), Wrong: wrong, CanTerm: p.Decider.May(ctx, policies.ManageOrg, h.Org.ID)}
	if v.Keys, err = p.Devices.KeyInventory(ctx, f); err != nil {
		return err
	}
	if v.Days, err = p.Devices.KeyTerm(ctx, h.Org.ID); err != nil {
		return err
	}
	if len(v.Keys) > keysAPage {
		v.Keys = v.Keys[:keysAPage]
		v.Next = keysLink("/audit/keys", v.Org, v.Kind, chosen, v.Keys[keysAPage-1].ID)
	}
	for _, k := range devices.KeyKinds {
		v.Kinds = append(v.Kinds, ui.Tab{ID: string(k), Label: keyKindWord(ctx, k), Href: keysLink("/audit/keys", v.Org, k, chosen, "")})
	}
	for _, only := range []string{"all", "never", "old"} {
		v.Only = append(v.Only, ui.Tab{ID: only, Label: onlyWord(ctx, only), Href: keysLink("/audit/keys", v.Org, v.Kind, only, "")})
	}
	if p.Decider.May(ctx, policies.ExportAudit, h.Org.ID) {
		v.CSV = keysLink("/audit/keys/export", v.Org, v.Kind, chosen, "")
	}
	return show.Page(c, status, inventoryView(h.Page, v))
}

func keyKindWord(ctx context.Context, k devices.KeyKind) string {
	switch k {
	case devices.RegistrationKeys:
		return ui.T(ctx, "audit.keys.registration")
	case devices.ReadKeys:
		return ui.T(ctx, "audit.keys.read")
	case devices.WriteKeys:
		return ui.T(ctx, "audit.keys.write")
	case devices.AccountKeys:
		return ui.T(ctx, "audit.keys.account")
	case devices.Tokens:
		return ui.T(ctx, "audit.keys.token")
	case devices.AgentKeys:
		return ui.T(ctx, "audit.keys.agent")
	}
	return ui.T(ctx, "audit.keys.passkey")
}

func onlyWord(ctx context.Context, only string) string {
	switch only {
	case "never":
		return ui.T(ctx, "audit.keys.never")
	case "old":
		return ui.T(ctx, "audit.keys.old")
	}
	return ui.T(ctx, "audit.keys.all")
}

// exportKeys writes the inventory of one kind as a table, a page at a time.
func (p *Portal) exportKeys(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := p.Frame.At(c, "", "inventory")
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ExportAudit, h.Org.ID); err != nil {
		return err
	}
	f, _, err := keyWish(c.QueryParams())
	if err != nil {
		return err
	}
	f.Org, f.Limit = h.Org.ID, 1000
	some, err := p.Devices.KeyInventory(ctx, f)
	if err != nil {
		return err
	}
	attach(c, "keys-"+string(f.Kind)+"-"+p.Now().UTC().Format(time.DateOnly)+".csv", "text/csv; charset=utf-8")
	w := csv.NewWriter(c.Response())
	w.Write(strings.Fields("kind id fingerprint name holder version place created last_used uses never_used expires max_days outside_policy"))
	for len(some) > 0 {
		for _, k := range some {
			w.Write([]string{string(f.Kind), k.ID, k.Fingerprint, audit.Cell(k.Name), audit.Cell(k.Holder), strconv.FormatInt(k.Version, 10), audit.Cell(k.OrgName), iso(k.Created), iso(k.Used),
				strconv.FormatInt(k.Counted, 10), strconv.FormatBool(k.Never()), iso(k.Expires), strconv.Itoa(k.Term), strconv.FormatBool(k.Over(p.Now()))})
		}
		if w.Flush(); w.Error() != nil || len(some) < f.Limit {
			return w.Error()
		}
		f.After = some[len(some)-1].ID
		if some, err = p.Devices.KeyInventory(ctx, f); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// setKeyTerm says how old keys may grow at a place.
func (p *Portal) setKeyTerm(c echo.Context) error {
	h, err := p.atForm(c, policies.ReadAudit)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(strings.TrimSpace(c.FormValue("days")))
	if err != nil {
		days = 0
	}
	if err := p.Devices.SetKeyTerm(c.Request().Context(), h.Org.ID, days); err != nil {
		if wrong, ok := form.Wrong(err); ok {
			return p.answerInventory(c, http.StatusUnprocessableEntity, wrong["days"])
		}
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/audit/keys?org="+string(h.Org.ID))
}

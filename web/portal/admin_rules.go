package portal

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/iam/fault"
	"halfkey/policies"
	"halfkey/web/form"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// adminRules shows what each role may do, and by which rules.
func (p *Portal) adminRules(c echo.Context) error {
	return p.answerRules(c, http.StatusOK, ruleForm{Role: c.QueryParam("role"), Act: c.QueryParam("act"), Effect: "deny"}, whyForm{}, "")
}

func (p *Portal) answerRules(c echo.Context, status int, f ruleForm, w whyForm, trouble string) error {
	ctx := c.Request().Context()
	h, _, err := p.Frame.Platform(c, ui.T(ctx, "admin.policies"), "admin-policies")
	if err != nil {
		return err
	}
	rules, err := p.Decider.Rules(ctx)
	if err != nil {
		return err
	}
	v := rulesView{Form: f, Why: w, Trouble: trouble, View: "roles"}
	cols := policies.Roles()
	if c.QueryParam("view") == "sets" {
		v.View, cols = "sets", policies.Sets()
	}
	v.Views = []ui.Tab{{ID: "roles", Label: ui.T(ctx, "admin.rules.roles"), Href: "/admin/policies"}, {ID: "sets", Label: ui.T(ctx, "admin.rules.sets"), Href: "/admin/policies?view=sets"}}
	v.matrix(ctx, cols, rules)
	for _, r := range rules {
		l := ruleLine{Text: "p, " + string(r.Role) + ", " + r.Object + ", " + r.Act + ", " + r.Effect, Role: string(r.Role), Act: r.Object + ":" + r.Act, Effect: r.Effect, Added: r.Added}
		if r.Added {
			l.Label = ui.T(ctx, "admin.rules.remove.one", "Rule", l.Text)
			v.Added = append(v.Added, l)
		}
		v.Lines = append(v.Lines, l)
	}
	v.Form.Roles, v.Form.Acts = ruleRoles(ctx), ruleActs(ctx)
	v.Form.Effects = []ui.Option{{Value: "deny", Label: ui.T(ctx, "admin.rules.deny")}, {Value: "allow", Label: ui.T(ctx, "admin.rules.allow")}}
	v.Why.Acts = actionOptions(ctx, false)
	h.Page.Path = "/admin/policies"
	return show.Page(c, status, adminRulesView(h.Page, v))
}

// matrix says for each role and action what the rules come to: denied by one,
// else allowed by one, else nothing.
func (v *rulesView) matrix(ctx context.Context, cols []policies.Role, rules []policies.Rule) {
	for _, r := range cols {
		v.Columns = append(v.Columns, roleOrSet(ctx, r))
	}
	for _, a := range policies.AllActions() {
		obj, act, _ := strings.Cut(a.String(), ":")
		row := ruleRow{Object: obj, Act: act, Text: show.Act(ctx, a), First: len(v.Rows) == 0 || v.Rows[len(v.Rows)-1].Object != obj}
		for i, role := range cols {
			cell := ruleCell{Column: v.Columns[i]}
			for _, r := range rules {
				if r.Role != role || r.Object != "*" && r.Object != obj || r.Act != "*" && r.Act != act || cell.Effect == "deny" {
					continue
				}
				if r.Effect == "deny" || cell.Effect == "" {
					cell.Effect, cell.Added = r.Effect, r.Added
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		v.Rows = append(v.Rows, row)
	}
}

// roleOrSet is a role or a permission set in words.
func roleOrSet(ctx context.Context, r policies.Role) string {
	if words, ok := setWords[r]; ok {
		return ui.T(ctx, words[0])
	}
	return show.Role(ctx, r)
}

func ruleRoles(ctx context.Context) (all []ui.Option) {
	for _, r := range policies.Roles() {
		all = append(all, ui.Option{Value: string(r), Label: show.Role(ctx, r)})
	}
	for _, r := range policies.Sets() {
		all = append(all, ui.Option{Value: string(r), Label: ui.T(ctx, "admin.rules.set", "Set", roleOrSet(ctx, r))})
	}
	return all
}

// ruleActs are the actions, and all of an object.
func ruleActs(ctx context.Context) (all []ui.Option) {
	last := ""
	for _, a := range policies.AllActions() {
		obj, _, _ := strings.Cut(a.String(), ":")
		if obj != last {
			all = append(all, ui.Option{Value: obj + ":*", Label: ui.T(ctx, "admin.rules.all", "Object", obj)})
			last = obj
		}
		all = append(all, ui.Option{Value: a.String(), Label: a.String() + " · " + show.Act(ctx, a)})
	}
	return all
}

// adminWhy asks why somebody may, or may not: what is meant by an organisation's
// short name or a channel's number has its page.
func (p *Portal) adminWhy(c echo.Context) error {
	f := whyForm{Who: strings.TrimSpace(c.QueryParam("who")), What: c.QueryParam("what"), Where: c.QueryParam("where")}
	org, device, err := p.Orgs.Where(c.Request().Context(), f.Where)
	if wrong, ok := form.Wrong(err); ok {
		f.Wrong = wrong["where"]
		return p.answerRules(c, http.StatusUnprocessableEntity, ruleForm{Effect: "deny"}, f, "")
	}
	if err != nil {
		return err
	}
	q := adminQuery("who", f.Who, "what", f.What, "org", string(org))
	if device != "" {
		q = adminQuery("who", f.Who, "what", f.What, "device", string(device))
	}
	return c.Redirect(http.StatusSeeOther, "/why?"+q.Encode())
}

// ruleIn is the rule that a form names.
func ruleIn(c echo.Context) (policies.Rule, ruleForm) {
	f := ruleForm{Role: c.FormValue("role"), Act: c.FormValue("act"), Effect: c.FormValue("effect")}
	obj, act, _ := strings.Cut(f.Act, ":")
	return policies.Rule{Role: policies.Role(f.Role), Object: obj, Act: act, Effect: f.Effect}, f
}

// addRule adds a line to the policy. What would lock out is refused.
func (p *Portal) addRule(c echo.Context) error {
	r, f := ruleIn(c)
	return p.rulesAgain(c, f, p.Decider.AddRule(c.Request().Context(), r))
}

// removeRule takes an added line out again.
func (p *Portal) removeRule(c echo.Context) error {
	r, f := ruleIn(c)
	return p.rulesAgain(c, f, p.Decider.RemoveRule(c.Request().Context(), r))
}

func (p *Portal) rulesAgain(c echo.Context, f ruleForm, err error) error {
	if errors.Is(err, policies.ErrRule) || errors.Is(err, policies.ErrRuleLocks) {
		told := fault.Of(err)
		return p.answerRules(c, told.Kind.Status(), f, whyForm{}, told.Sentence)
	}
	if err != nil {
		return err
	}
	view := ""
	if strings.HasPrefix(f.Role, "set:") {
		view = "?view=sets"
	}
	return c.Redirect(http.StatusSeeOther, "/admin/policies"+view)
}

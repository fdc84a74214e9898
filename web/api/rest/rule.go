package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/policies"
)

func (a *API) policy(g *echo.Group) {
	g.GET("/rules", a.rules, paged())
	g.POST("/rules", a.addRule, a.fresh, a.once, known())
	g.DELETE("/rules", a.removeRule, a.fresh, known("role", "object", "act"))
}

// policyRule is one line of the policy. Those that were not added come with the
// program.
type policyRule struct {
	Role   string `json:"role"`
	Object string `json:"object"`
	Act    string `json:"act"`
	Effect string `json:"effect"`
	Added  bool   `json:"added"`
}

func (a *API) rules(c echo.Context) error {
	all := func() ([]policies.Rule, error) { return a.Decider.Rules(c.Request().Context()) }
	as := func(r policies.Rule) policyRule {
		return policyRule{string(r.Role), r.Object, r.Act, r.Effect, r.Added}
	}
	return listOf(c, "rules", all, as, func(r policyRule) string { return r.Role + " " + r.Object + " " + r.Act + " " + r.Effect })
}

func (a *API) addRule(c echo.Context) error {
	var in struct {
		Role   string `json:"role"`
		Object string `json:"object"`
		Act    string `json:"act"`
		Effect string `json:"effect"`
	}
	if err := read(c, &in); err != nil {
		return err
	}
	if err := a.Decider.AddRule(c.Request().Context(), policies.Rule{Role: policies.Role(in.Role), Object: in.Object, Act: in.Act, Effect: in.Effect}); err != nil {
		return err
	}
	return say(c, http.StatusCreated, policyRule{in.Role, in.Object, in.Act, in.Effect, true})
}

// removeRule takes an added line out; there is one at most with a role, an
// object and an act.
func (a *API) removeRule(c echo.Context) (err error) {
	var out policies.Rule
	var role string
	for name, to := range map[string]*string{"role": &role, "object": &out.Object, "act": &out.Act} {
		if *to, err = text(c, name); err != nil {
			return err
		}
	}
	out.Role = policies.Role(role)
	if err := a.Decider.RemoveRule(c.Request().Context(), out); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

package agents

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// networkForm is a network profile as it was typed: interfaces by lines, of which
// one without a name is none.
type networkForm struct {
	Lines                        []networkLine
	ProxyHost, ProxyPort, ProxyU string
	Wrong                        string // a sentence
	Where                        string // in the wire's words
}

type networkLine struct {
	Name, Address, Gateway, DNS string
	DHCP                        bool
}

// networkOf reads a profile that is kept; nil for none.
func networkOf(text string) *agents.Network {
	var n agents.Network
	if text == "" || json.Unmarshal([]byte(text), &n) != nil {
		return nil
	}
	return &n
}

func networkFormOf(n *agents.Network) (f networkForm) {
	if n == nil {
		return networkForm{Lines: []networkLine{{Name: "eth0", DHCP: true}}}
	}
	for _, i := range n.Interfaces {
		f.Lines = append(f.Lines, networkLine{i.Name, i.Address, i.Gateway, strings.Join(i.DNS, ", "), i.DHCP})
	}
	if n.Proxy != nil {
		f.ProxyHost, f.ProxyPort, f.ProxyU = n.Proxy.Host, strconv.Itoa(n.Proxy.Port), n.Proxy.User
	}
	return f
}

// readNetworkForm takes the form as it came.
func readNetworkForm(c echo.Context) (f networkForm) {
	for i := range agents.InterfacesMost {
		at := "-" + strconv.Itoa(i)
		l := networkLine{strings.TrimSpace(c.FormValue("name" + at)), strings.TrimSpace(c.FormValue("address" + at)), strings.TrimSpace(c.FormValue("gateway" + at)),
			c.FormValue("dns" + at), c.FormValue("dhcp"+at) != ""}
		if l.Name != "" {
			f.Lines = append(f.Lines, l)
		}
	}
	f.ProxyHost, f.ProxyPort, f.ProxyU = strings.TrimSpace(c.FormValue("proxy_host")), strings.TrimSpace(c.FormValue("proxy_port")), strings.TrimSpace(c.FormValue("proxy_user"))
	return f
}

// profile is the form in the service's words; "" where it names no interface.
func (f networkForm) profile() (string, error) {
	if len(f.Lines) == 0 {
		return "", nil
	}
	var n agents.Network
	for _, l := range f.Lines {
		i := agents.Interface{Name: l.Name, DHCP: l.DHCP}
		if !l.DHCP { // by DHCP it gets them all
			i.Address, i.Gateway = l.Address, l.Gateway
			i.DNS = strings.FieldsFunc(l.DNS, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
		}
		n.Interfaces = append(n.Interfaces, i)
	}
	if f.ProxyHost != "" {
		port, err := strconv.Atoi(f.ProxyPort)
		if err != nil {
			port = 0 // which the service calls wrong
		}
		n.Proxy = &agents.Proxy{Host: f.ProxyHost, Port: port, User: f.ProxyU}
	}
	text, err := json.Marshal(n)
	return string(text), err
}

func (p *Pages) network(c echo.Context) error {
	a, err := p.named(c)
	if err != nil {
		return err
	}
	return p.answerNetwork(c, http.StatusOK, networkFormOf(networkOf(a.Network)))
}

func (p *Pages) answerNetwork(c echo.Context, status int, f networkForm) error {
	ctx := c.Request().Context()
	h, a, err := p.here(c)
	if err != nil {
		return err
	}
	if err := p.Decider.Require(ctx, policies.ManageAgent, a.Org); err != nil {
		return err
	}
	if len(f.Lines) < agents.InterfacesMost {
		f.Lines = append(f.Lines, networkLine{}) // room for one more
	}
	h.Page.Path, h.Page.Title = pathOf(a.ID)+"/network", ui.T(ctx, "agents.network")
	return show.Page(c, status, networkView(h.Page, networkPage{Href: pathOf(a.ID), Name: a.Name, Form: f}))
}

func (p *Pages) keepNetwork(c echo.Context) error {
	a, err := p.named(c)
	if err != nil {
		return err
	}
	f := readNetworkForm(c)
	text, err := f.profile()
	if err != nil {
		return err
	}
	_, err = p.Agents.Change(c.Request().Context(), a.ID, agents.Change{Name: a.Name, Profile: a.Profile, Network: text, NoNetwork: text == "", ETag: a.ETag})
	if where, sentence, ok := misstated(err); ok {
		f.Wrong, f.Where = sentence, where
		return p.answerNetwork(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, pathOf(a.ID))
}

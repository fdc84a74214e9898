package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/agenttoken"
	"halfkey/connectors/connectortest"
	"halfkey/devices/agents"
	"halfkey/devices/agents/agentstest"
	"halfkey/devices/client/agent"
	. "halfkey/devices/devicestest"
	"halfkey/devices/wire"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/api/agentmgmt"
	"halfkey/web/api/oauth"
)

// A platform is another Halfkey, on which devices of the house are agents.
type platform struct {
	*agentstest.House
	url, id, secret string
	lose            atomic.Bool // the answer to the next agent that is made
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	h := agentstest.New(t, dbtest.SQLite(t))
	e, log := echo.New(), slog.New(slog.DiscardHandler)
	clients := &oauth.Handler{Clients: h.Machines, Keys: h.Agents.Keys, Agents: h.Agents, BaseURL: func(context.Context) string { return h.Base }, Now: h.Now, Log: log}
	clients.Mount(e)
	(&agentmgmt.Handler{Agents: h.Agents, Keys: h.Agents.Keys, Admins: clients, Log: log}).Mount(e)
	p := &platform{House: h}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/agents") && p.lose.CompareAndSwap(true, false) {
			e.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		e.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	h.Base, p.url = s.URL, s.URL
	p.id, p.secret = h.Program(t, h.Simpsons, policies.Integrator)
	return p
}

func (p *platform) draft() connectors.Draft {
	return connectors.Draft{Service: agenttoken.Provider, Name: "Plant cloud", Settings: connectors.Settings{"base_url": p.url, "client_id": p.id}, Secret: vault.Secret(p.secret)}
}

func (p *platform) all(t *testing.T) []agents.Agent {
	t.Helper()
	return good(p.Agents.List(As(t, p.Homer), agents.Query{Size: 100}))(t).Agents
}

// join gives the house a desk that makes agents elsewhere.
func (d *door) join(t *testing.T, log io.Writer) *connectors.Desk {
	t.Helper()
	service := agenttoken.New(true)
	desk := &connectors.Desk{DB: d.DB, Vault: d.Vault, Decider: d.Decider, Services: map[string]connectors.Service{service.Name(): service}, Now: d.Now,
		Log: slog.New(slog.NewTextHandler(log, nil)), Told: d.ChannelNews, After: d.ChannelTold, Patience: 5 * time.Second}
	d.Connectors.Providers[agenttoken.Provider] = &connectors.Outside{Service: service, Vault: d.Vault, Now: d.Now, Wake: func() {}}
	t.Cleanup(desk.Stop)
	desk.Stop() // it runs when the test says so
	return desk
}

// later lets an hour pass here and there, and the desk look.
func later(t *testing.T, desk *connectors.Desk, clocks ...*Clock) {
	t.Helper()
	for _, c := range clocks {
		c.Pass(61 * time.Minute)
	}
	good(0, desk.Run(t.Context()))(t)
}

// boardingOf is what the device was handed, as its agent reads it.
func boardingOf(t *testing.T, c wire.Credentials) agent.Config {
	t.Helper()
	if c.Agent == nil || c.Channel.WriteKey == "" || c.Device.Secret == "" {
		t.Fatalf("the device was handed %+v", c)
	}
	return good(agent.ParseConfig(c.Agent.Marshal()))(t)
}

func TestADeviceIsAnAgentElsewhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		var log safeBuffer
		d, there := open(t, db, &log), newPlatform(t)
		desk, homer := d.join(t, &log), As(t, d.Homer)
		if r := good(desk.Test(homer, d.Simpsons, there.draft()))(t); r.Channels != 0 {
			t.Errorf("the test says %+v", r)
		}
		id := good(desk.Open(homer, d.Simpsons, d.Simpsons, there.draft()))(t)
		key := d.Key(t, Reboarding(orgs.ReboardAuto))
		r, _ := d.proved(key, serialNo)
		r.wants(t, http.StatusAccepted)

		// The platform makes the agent, and its answer is lost.
		there.lose.Store(true)
		good(0, desk.Run(t.Context()))(t)
		if n := len(there.all(t)); n != 1 || there.lose.Load() {
			t.Fatalf("%d agents there, and the answer was lost: %v", n, !there.lose.Load())
		}
		r, _ = d.proved(key, serialNo)
		r.wants(t, http.StatusAccepted)
		for range 4 {
			d.Clock.Pass(time.Minute)
			good(0, desk.Run(t.Context()))(t)
		}
		made := there.all(t)
		if len(made) != 1 {
			t.Fatalf("%d agents there, want exactly one", len(made))
		}
		first := d.board(t, key, serialNo, 200)
		config := boardingOf(t, first)
		if first.Channel.Provider != "embedded" || config.Content.ClientID != string(made[0].ID) || config.Content.BaseURL != there.url {
			t.Errorf("handed out: %+v of %+v", config, first.Channel)
		}

		// It boards there, and the desk sees that.
		self := agent.Client{Now: there.Now}
		aboard := good(self.Onboard(t.Context(), config, nil))(t)
		good(self.Token(t.Context(), aboard))(t)
		later(t, desk, d.Clock, there.Clock)
		rows := good(desk.Projections(homer, id, "", 10))(t)
		if len(rows) != 1 || !rows[0].Agent || rows[0].Entries != 1 || rows[0].Differs || rows[0].State != connectors.Ready || rows[0].Error != "" {
			t.Errorf("aboard: %+v", rows)
		}
		if diff := good(desk.Compare(homer, id))(t); len(diff) != 0 {
			t.Errorf("differences %+v", diff)
		}

		// Put off board over there, it is given what to board with anew.
		good(0, there.Agents.Offboard(As(t, there.Homer), made[0].ID))(t)
		if diff := good(desk.Compare(homer, id))(t); len(diff) != 1 || diff[0].Kind != connectors.DiffKeys {
			t.Errorf("differences %+v", diff)
		}
		later(t, desk, d.Clock, there.Clock)
		list := good(d.List(homer, devicesFilter("")))(t)
		var version int64
		d.DB.Raw("SELECT version FROM devices WHERE id = ?", list[0].ID).Scan(&version)
		if version <= first.Version {
			t.Error("nothing tells that there is something new for the device")
		}
		var sealed []byte
		d.DB.Raw("SELECT write_key_sealed FROM projections").Row().Scan(&sealed)
		if len(sealed) == 0 || strings.Contains(string(sealed), "iat") {
			t.Error("what it boards with does not lie sealed")
		}

		// With that it comes aboard again, and its end here is its end there.
		again := boardingOf(t, d.board(t, key, serialNo, 200))
		if again.Content.ClientID != config.Content.ClientID || again.Content.Initial == config.Content.Initial {
			t.Errorf("handed out anew: %+v", again)
		}
		aboard = good(self.Onboard(t.Context(), again, nil))(t)
		good(0, d.Retire(homer, list[0].ID, serialNo))(t)
		later(t, desk, d.Clock, there.Clock)
		if n := len(there.all(t)); n != 0 {
			t.Errorf("%d agents are left there", n)
		}
		if _, err := self.Token(t.Context(), aboard); err == nil {
			t.Error("the agent of a device that is gone still gets tokens")
		}
		if s := log.String(); strings.Contains(s, there.secret) || strings.Contains(s, config.Content.Initial) {
			t.Error("a secret stands in the log")
		}
	})
}

// Whatever goes wrong on the line, there is one agent for each device.
func TestFaultsMakeNoAgentTwice(t *testing.T) {
	var log safeBuffer
	d, there := open(t, dbtest.SQLite(t), &log), newPlatform(t)
	desk, homer := d.join(t, &log), As(t, d.Homer)
	proxy := connectortest.NewProxy(t, there.url)
	w := there.draft()
	w.Settings["base_url"] = proxy.URL
	good(desk.Open(homer, d.Simpsons, d.Simpsons, w))(t)
	key, serials := d.Key(t), []string{"74743827342", "74743827343", "74743827344", "74743827345", "74743827346"}
	for _, serial := range serials {
		r, _ := d.proved(key, serial)
		r.wants(t, http.StatusAccepted)
	}
	proxy.Fail(0.3, connectortest.Lost, connectortest.Garbage, connectortest.Cut, connectortest.Erred, connectortest.Late, connectortest.Refusing, connectortest.Shut)
	for range 40 {
		d.Clock.Pass(time.Minute)
		good(0, desk.Run(t.Context()))(t)
	}
	proxy.Calm()
	for range 10 {
		later(t, desk, d.Clock)
	}
	for _, serial := range serials {
		boardingOf(t, d.board(t, key, serial, 200))
	}
	if n := len(there.all(t)); n != len(serials) {
		t.Errorf("%d agents for %d devices", n, len(serials))
	}
}

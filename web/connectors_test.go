package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
	"halfkey/web/thingspeak"
	"halfkey/web/webtest"
)

// A hosted is another Halfkey that a place takes for its ThingSpeak.
type hosted struct {
	url, account, other string // the account's key, and a second one
	db                  *gorm.DB
	store               *channels.Store
}

func newHosted(t *testing.T) *hosted {
	t.Helper()
	db := dbtest.SQLite(t).Gorm
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	_, err = audit.Attach(db, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")})
	must(err)
	const org = iam.OrgID("00000000000000000001")
	must(db.Exec(`INSERT INTO orgs (id, tenant_id, kind, slug, name, state, created_at) VALUES (?, ?, 'tenant', 'hosted', 'Hosted', 'active', 0)`, org, org).Error)
	store := &channels.Store{DB: db, Vault: v, Now: time.Now}
	h := &hosted{db: db, store: store}
	for _, key := range []*string{&h.account, &h.other} {
		must(db.Transaction(func(tx *gorm.DB) error {
			k, _, err := store.NewAccountKey(t.Context(), tx, org, org, "somebody")
			*key = k.Reveal()
			return err
		}))
	}
	s := httptest.NewServer(thingspeak.New(thingspeak.Config{Store: store}))
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

// holds waits until there are n channels at the service.
func (h *hosted) holds(t *testing.T, n int64) {
	t.Helper()
	var have int64
	for range 200 {
		if h.db.Table("channels").Count(&have); have == n {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("there are %d channels at the service, not %d", have, n)
}

// calls has a new device of the household ask for its channel. It is told to come
// again, since the service outside is asked beside its call.
func calls(t *testing.T, s *webtest.Simpsons, serial string) {
	t.Helper()
	key := s.Key(t, s.Household)
	k := seal.Derive(key.First, key.Second.Reveal())
	token := wire.Registration{First: key.First, Serial: wire.Serial(serial), Nonce: wire.NewNonce()}.Sign(k.Auth[:])
	res, err := http.Post(s.URL+"/v1/devices/"+serial+"/registrations", "application/jwt", bytes.NewReader(token))
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s", serial, res.Status)
	}
}

// where is the path that a tab shows.
func where(t *testing.T, tab context.Context) string {
	t.Helper()
	path, err := chromedp.Run(tab, chromedp.Evaluate[string]("location.pathname"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

const wrongKey = "AAAABBBBCCCCDDDD"

// connected is a place whose devices' channels are at a service outside.
func connected(t *testing.T) (s *webtest.Simpsons, there *hosted, at string) {
	t.Helper()
	s, there = furnished(t), newHosted(t)
	at = s.Homer.Post(t, "/connectors?org="+string(s.Household), "service", "thingspeak", "name", "Hosted", "base_url", there.url, "account_key", there.account, "channels", "4", "do", "open").
		Wants(t, 303).Header.Get("Location")
	return s, there, at
}

func TestHomerConnectsAThingSpeakAndSeesWhatIsWrong(t *testing.T) {
	s, there := furnished(t), newHosted(t)
	tab, base := signedIn(t, s, "homer")
	goes(t, tab, base+"/connectors?org="+string(s.Household), ".rows")
	waits(t, tab, says("This Halfkey itself"))
	look(t, tab, "connectors-own", base+"/connectors?org="+string(s.Household))

	goes(t, tab, base+"/connectors/new?org="+string(s.Household), "#connection")
	waits(t, tab, says("Account key"))
	types(t, tab, "[name=name]", "Hosted", "[name=base_url]", there.url, "[name=account_key]", wrongKey)
	presses(t, tab, "#connection .button-primary", says("The service refuses this account key."))
	waits(t, tab, says("Copy it once more from your profile there"))
	picture(t, tab, "connector-wrong-key")
	types(t, tab, "[name=account_key]", there.account)
	clicks(t, tab, "#connection [value=test]")
	waits(t, tab, says("ThingSpeak answers; you have 4 channels left"))
	waits(t, tab, "document.querySelector('[name=account_key]').value === '"+there.account+"'") // what was typed stays
	presses(t, tab, "#connection [value=test]", says("ThingSpeak answers; you have 4 channels left"))
	waits(t, tab, "!document.documentElement.outerHTML.includes('"+there.account+"') && document.querySelector('[name=account_key]').value === ''")
	picture(t, tab, "connector-tested")
	types(t, tab, "[name=account_key]", there.account)
	presses(t, tab, "#connection .button-primary", says("Connection"))
	waits(t, tab, "!document.documentElement.outerHTML.includes('"+there.account+"')")

	// The key ends there: the connector says so, and how to go on.
	there.db.Exec("DELETE FROM account_keys WHERE id IN (SELECT id FROM account_keys ORDER BY created_at, id LIMIT 1)")
	at := where(t, tab)
	presses(t, tab, "form[action$='/check'] button", says("refuses the account key"))
	look(t, tab, "connector-refused", base+at)
	goes(t, tab, base+"/connectors?org="+string(s.Household), ".rows")
	waits(t, tab, says("Key refused"))
	look(t, tab, "connectors", base+"/connectors?org="+string(s.Household))

	// A new key that is refused does not take the old one's place; one that works does.
	goes(t, tab, base+at+"/settings", "#connection")
	types(t, tab, "[name=account_key]", wrongKey)
	presses(t, tab, "#connection .button-primary", says("The service refuses this account key."))
	look(t, tab, "connector-settings", base+at+"/settings")
	types(t, tab, "[name=account_key]", there.other)
	presses(t, tab, "#connection .button-primary", says("Last compared"))
	presses(t, tab, "form[action$='/check'] button", says("you have 4 channels left"))
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "opened the connector", "refused the account key", "changed the connector").Silent(t, there.account, there.other)
}

func TestAKeyThatWasTypedComesBackInNoPage(t *testing.T) {
	s, there, at := connected(t)
	to := "/connectors?org=" + string(s.Household)
	form := func(address, key string, more ...string) []string {
		return append([]string{"service", "thingspeak", "name", "Second", "base_url", address, "account_key", key}, more...)
	}
	s.Homer.Post(t, to, form(there.url, there.other, "do", "test")...).Wants(t, 200).Says(t, "Type it once more to save").Silent(t, there.other)
	s.Homer.Post(t, at, form(there.url, "", "do", "test")...).Wants(t, 200).Says(t, "ThingSpeak answers; you have 4 channels left")
	s.Homer.Post(t, at, form(there.url, wrongKey, "do", "test")...).Wants(t, 422).Says(t, "The service refuses this account key.").Silent(t, wrongKey)
	s.Homer.Post(t, at, form("http://127.0.0.1:1", "", "do", "test")...).Wants(t, 503).Says(t, "nothing was changed")
	s.Homer.Post(t, to, form(there.url, wrongKey, "do", "open")...).Wants(t, 422).Silent(t, wrongKey)
	s.Homer.Post(t, to, form("http://127.0.0.1:1", there.other, "do", "open")...).Wants(t, 503).Says(t, "Save all the same").Silent(t, there.other)

	stale(t, s)
	for path, page := range map[string]string{to: "/connectors/new?", at: at + "/settings", "/orgs/" + string(s.Tenant) + "/sign-in": "/orgs/" + string(s.Tenant) + "/sign-in"} {
		step := s.Homer.Post(t, path, form(there.url, there.other, "secret", there.other, "do", "open")...).Wants(t, 303).Silent(t, there.other).Header.Get("Location")
		if u, err := url.Parse(step); err != nil || u.Path != "/step" || !strings.HasPrefix(u.Query().Get("next"), page) {
			t.Errorf("%s leads to %s", path, step)
		}
		s.Homer.Get(t, step).Wants(t, 200).Silent(t, there.other)
	}
	s.Homer.Post(t, "/step?next="+url.QueryEscape(at+"/settings?again=yes"), "prove_password", webtest.Password).Wants(t, 303)
	s.Homer.Get(t, at+"/settings?again=yes").Wants(t, 200).Says(t, "Nothing was saved yet")
}

func TestAnAgentPlatformIsSpokenOfAsOne(t *testing.T) {
	s := furnished(t)
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer platform.Close()
	to := "/connectors?org=" + string(s.Household)
	s.Homer.Post(t, to, "service", "agenttoken", "name", "Factory", "base_url", platform.URL, "client_id", "halfkey", "account_key", "a client's secret", "do", "open").
		Wants(t, 422).Says(t, "The platform refuses this client ID or secret.", "one that may manage agents").Silent(t, "account key", "write key", "My Profile", "a client&#39;s secret")
	s.Homer.Get(t, to).Wants(t, 200).Says(t, "on which platform they are agents")
}

// In a browser: an address where no platform is, a secret that is refused, and
// then both right.
func TestHomerConnectsAnAgentPlatform(t *testing.T) {
	s := furnished(t)
	const secret = "a client's secret"
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		if id, pass, _ := r.BasicAuth(); id != "brewery" || pass != url.QueryEscape(secret) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"access_token":"T","expires_in":3600}`)
	})
	mux.HandleFunc("GET /api/agentmanagement/v3/agents", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"content":[],"last":true}`) })
	platform, nothing := httptest.NewServer(mux), httptest.NewServer(http.NotFoundHandler())
	defer platform.Close()
	defer nothing.Close()
	tab, base := signedIn(t, s, "homer")
	goes(t, tab, base+"/connectors/new?org="+string(s.Household)+"&service=agenttoken", "#connection")
	types(t, tab, "[name=name]", "Factory", "[name=base_url]", nothing.URL, "[name=client_id]", "brewery", "[name=account_key]", "wrong")
	presses(t, tab, "#connection .button-primary", says("does not answer as it should"))
	types(t, tab, "[name=base_url]", platform.URL, "[name=account_key]", "wrong")
	presses(t, tab, "#connection .button-primary", says("The platform refuses this client ID or secret."))
	look(t, tab, "connector-agents-new", base+"/connectors/new?org="+string(s.Household)+"&service=agenttoken")
	types(t, tab, "[name=name]", "Factory", "[name=base_url]", platform.URL, "[name=client_id]", "brewery", "[name=account_key]", secret)
	presses(t, tab, "#connection .button-primary", says("The last calls"))
	waits(t, tab, says("Works"))
	waits(t, tab, "!document.documentElement.outerHTML.includes(`"+secret+"`)")
	look(t, tab, "connector-agents", base+where(t, tab))
}

func TestHomerLooksAtWhatDriftedAndMendsWhatHeChose(t *testing.T) {
	s, there, at := connected(t)
	calls(t, s, "74743827350")
	calls(t, s, "74743827351")
	there.holds(t, 2)
	s.Desk.Stop()
	there.db.Exec("UPDATE channels SET name = 'Somebody was here' WHERE id = (SELECT MIN(id) FROM channels)")
	there.db.Exec("DELETE FROM channel_keys WHERE channel_id = (SELECT MAX(id) FROM channels)")
	there.db.Exec("DELETE FROM channels WHERE id = (SELECT MAX(id) FROM channels)")

	tab, base := signedIn(t, s, "homer")
	goes(t, tab, base+at+"/drift", "#drift")
	waits(t, tab, says("It was deleted there."))
	waits(t, tab, says("Nothing was changed yet."))
	look(t, tab, "connector-drift", base+at+"/drift")
	var name string
	if there.db.Raw("SELECT name FROM channels").Scan(&name); name != "Somebody was here" {
		t.Errorf("looking changed the name to %q", name)
	}
	presses(t, tab, "#drift .button-primary", says("One difference was mended"))
	waits(t, tab, says("It was deleted there.")) // that was not chosen
	does(t, tab, "document.querySelector('[name=mend]').checked = true")
	presses(t, tab, "#drift .button-primary", says("In step"))
	picture(t, tab, "connector-in-step")
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Deleted there")
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "into step")
}

func TestAConnectorIsPausedAndNotRemovedWhileItIsUsed(t *testing.T) {
	s, there, at := connected(t)
	s.Homer.Post(t, at+"/pause").Wants(t, 303)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Nothing is asked of the service")
	calls(t, s, "74743827350")
	if err := s.Desk.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	there.holds(t, 0)
	s.Homer.Get(t, at+"/remove").Wants(t, 200).Says(t, "still used")
	s.Homer.Post(t, at+"/remove").Wants(t, 409).Says(t, "Devices still have channels", "offboard them first")
	s.Homer.Post(t, at+"/resume").Wants(t, 303)
	there.holds(t, 1)

	own := s.Homer.Get(t, "/connectors?org="+string(s.Household)).Wants(t, 200).Find(t, `href="(/connectors/[0-9a-z]{20})">Channels of`)
	s.Homer.Get(t, own).Wants(t, 200).Silent(t, "/remove", "/pause")
	s.Homer.Post(t, own+"/remove").Wants(t, 409)
	s.Homer.Get(t, own+"/drift").Wants(t, 409)
}

func TestWhoMayNotChangeAConnectorSeesItOnly(t *testing.T) {
	s, there, at := connected(t)
	krusty := joins(t, s, "Krusty", s.Household, policies.Operator)
	krusty.Get(t, at).Wants(t, 200).Says(t, "Test").Silent(t, "/settings", "/pause", "/remove", there.account)
	krusty.Post(t, at+"/check").Wants(t, 200).Says(t, "4 channels left")
	krusty.Get(t, at+"/settings").Wants(t, 403)
	for _, deed := range []string{"", "/pause", "/resume", "/remove", "/drift"} {
		krusty.Post(t, at+deed, "name", "Mine").Wants(t, 403)
	}
	krusty.Get(t, "/connectors/new?org="+string(s.Household)).Wants(t, 403)
	for _, page := range []string{at, at + "/settings", at + "/remove", at + "/drift"} {
		s.Marge.Get(t, page).Wants(t, 403)
	}
	if page := s.Homer.Get(t, at+"/settings").Wants(t, 200).Body; strings.Contains(page, there.account) {
		t.Error("the stored key comes back")
	}
}

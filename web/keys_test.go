package web_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"halfkey/connectors/channels"
	"halfkey/orgs"
	"halfkey/web/ui/uitest"
	"halfkey/web/webtest"
)

func TestHomerMakesAKeyForAnOldConsole(t *testing.T) {
	s := furnished(t)
	page := "/devices/new/keys?org=" + string(s.Household)
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "Household has no key yet", "New registration key")
	form := []string{"org", string(s.Household), "label", "EEPROM", "form", "classic", "device_kind", "humidity", "boarding", "approve"}
	p := s.Homer.Post(t, "/devices/new/keys", append(form, "max_uses", "many", "expires_at", "1999-01-01")...).Wants(t, 422)
	p.Says(t, `value="EEPROM"`, `value="many"`, "from 1 to 1,000,000", "in the future", `href="#f-max_uses"`)
	at := s.Homer.Post(t, "/devices/new/keys", form...).Wants(t, 303).Header.Get("Location")
	p = s.Homer.Get(t, at).Wants(t, 200).Says(t, "EEPROM", "0 of 20", "Classic", "Each after my word", "in days", time.Now().AddDate(0, 0, 90).Format("2 Jan"))
	id := p.Find(t, `name="key" value="([0-9a-z]{20})"`)
	shown := s.Homer.Post(t, "/devices/new", "key", id).Wants(t, 200).Says(t, "Registration key: EEPROM", "Listening…")
	if key := shown.Find(t, `regkey ([0-9A-Z-]+)`); len(key) != 17 {
		t.Errorf("the short key is %q", key)
	}
	s.Homer.Get(t, page).Wants(t, 200).Says(t, "EEPROM", "classic", "Open")
}

func TestAKeyTakesListedSerialsAndEnds(t *testing.T) {
	s := furnished(t)
	at := s.Homer.Post(t, "/devices/new/keys", "org", string(s.Plant), "boarding", "serials", "form", "standard").Wants(t, 303).Header.Get("Location")
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "None yet")
	s.Homer.Post(t, at+"/serials", "serials", "74743827342\n-no").Wants(t, 422).Says(t, "line 2", "-no")
	s.Homer.Post(t, at+"/serials", "serials", "74743827342\r\n74743827343\r\n").Wants(t, 303)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "74743827342", "74743827343")

	s.Homer.Get(t, at+"/replace").Wants(t, 200).Says(t, "seven days")
	next := s.Homer.Post(t, at+"/replace").Wants(t, 303).Header.Get("Location")
	s.Homer.Get(t, next).Wants(t, 200).Says(t, `href="`+at+`"`)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Until ", "Works until")
	s.Homer.Post(t, at+"/until", "until", "1999-01-01").Wants(t, 422).Says(t, "in the future")
	s.Homer.Post(t, at+"/until", "until", time.Now().AddDate(0, 0, 30).Format(time.DateOnly)).Wants(t, 303)

	s.Homer.Get(t, at+"/revoke").Wants(t, 200).Says(t, "cannot be revived")
	s.Homer.Post(t, at+"/revoke").Wants(t, 303)
	id := at[strings.LastIndex(at, "/")+1:]
	s.Homer.Post(t, "/devices/new", "key", id).Wants(t, 409)
	s.Homer.Post(t, at+"/replace").Wants(t, 409)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Revoked").Silent(t, "Replace key", "Show the key")
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "made a registration key", "listed serials (2)", "replaced the registration key", "revoked a registration key")
}

func TestAnotherPlacesKeysAreNotThere(t *testing.T) {
	s := furnished(t)
	k, err := s.Orgs.IssueKey(s.AsHomer(t), orgs.KeyRequest{Org: s.Household, Label: "Secret label"})
	if err != nil {
		t.Fatal(err)
	}
	at, nobody := "/devices/new/keys/"+string(k.ID), "/devices/new/keys/00000000000000000000"
	s.Marge.Get(t, "/devices/new/keys?org="+string(s.Household)).Wants(t, 403).Silent(t, "Secret label")
	s.Marge.Get(t, "/devices/new/keys?org="+string(s.Plant)).Wants(t, 404)
	for _, deed := range []string{"", "/replace", "/revoke"} {
		hidden, none := s.Marge.Get(t, at+deed).Wants(t, 404), s.Marge.Get(t, nobody+deed).Wants(t, 404)
		if plain(hidden, at+deed) != plain(none, nobody+deed) {
			t.Errorf("%s answers otherwise than what does not exist", deed)
		}
	}
	for _, deed := range []string{"/replace", "/revoke", "/serials", "/until"} {
		s.Marge.Post(t, at+deed, "serials", "x", "until", "2099-01-01").Wants(t, 404)
	}
	s.Marge.Post(t, "/devices/new", "key", string(k.ID)).Wants(t, 404)
	s.Marge.Post(t, "/devices/new/keys", "org", string(s.Household)).Wants(t, 403)
	s.Marge.Get(t, "/orgs/"+string(s.Plant)).Wants(t, 404)
	s.Marge.Post(t, "/orgs/"+string(s.Household), "name", "Mine").Wants(t, 403)
}

func TestAPlaceIsRenamed(t *testing.T) {
	s := furnished(t)
	at := "/orgs/" + string(s.Household)
	s.Homer.Get(t, "/orgs").Wants(t, 200).Says(t, `href="`+at+`"`)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, `value="Household"`)
	s.Homer.Post(t, at, "name", "\x01").Wants(t, 422).Says(t, "printable")
	s.Homer.Post(t, at, "name", "742 Evergreen Terrace").Wants(t, 303)
	s.Homer.Get(t, "/orgs").Wants(t, 200).Says(t, "742 Evergreen Terrace").Silent(t, "Household</a>")
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "742 Evergreen Terrace")
}

func TestAProgramGetsAnAccountKeyThatIsShownOnce(t *testing.T) {
	s := furnished(t)
	at := "/orgs/" + string(s.Household)
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "Make an account key").Silent(t, "Made by")
	p := s.Homer.Post(t, at+"/account-keys").Wants(t, 200).Says(t, "shown this once", "/channels.json")
	key := p.Find(t, `<code>([A-Z0-9]{16})</code>`)
	a, err := s.Channels.Account(t.Context(), key)
	if err != nil || a.Org != s.Household {
		t.Errorf("the key speaks for %v: %v", a, err)
	}
	if _, err := s.Channels.MakeChannel(t.Context(), a, channels.Settings{}); err != nil {
		t.Error(err)
	}
	revoke := s.Homer.Get(t, at).Wants(t, 200).Says(t, "Made by Homer").Silent(t, key).Find(t, `href="(`+at+`/account-keys/[0-9a-z]{20}/revoke)"`)
	for _, path := range []string{at + "/account-keys", revoke} {
		s.Marge.Post(t, path).Wants(t, 403)
	}
	elsewhere := strings.Replace(revoke, string(s.Household), string(s.Plant), 1)
	s.Homer.Post(t, elsewhere).Wants(t, 404)
	s.Homer.Get(t, revoke).Wants(t, 200).Says(t, "refused at once")
	s.Homer.Post(t, revoke).Wants(t, 303)
	if _, err := s.Channels.Account(t.Context(), key); !errors.Is(err, channels.ErrAccount) {
		t.Errorf("the revoked key hears %v", err)
	}
	s.Homer.Post(t, revoke).Wants(t, 404)
	s.Homer.Get(t, "/activity").Wants(t, 200).Says(t, "made an account key", "made channel", "revoked an account key").Silent(t, key)
}

func TestTheAdministratorMakesNoKeyIntoAHousehold(t *testing.T) {
	s := furnished(t)
	admin := s.Browser(t)
	admin.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	at := "/orgs/" + string(s.Household)
	admin.Get(t, at).Wants(t, 200).Silent(t, "account key")
	admin.Post(t, at+"/account-keys").Wants(t, 403)
}

func TestThePagesOfKeysAreFit(t *testing.T) {
	s := furnished(t)
	var of [3]string
	for i, r := range []orgs.KeyRequest{
		{Label: "Thermometers", MaxUses: 5, SimpleDoor: true}, {Label: "Old thermometers", Form: orgs.Classic, Boarding: orgs.BoardApprove},
		{Label: "Gateways by the dozen, delivered in spring", Boarding: orgs.BoardSerials, ExpiresAt: time.Now().Add(90 * 24 * time.Hour)},
	} {
		r.Org = s.Household
		k, err := s.Orgs.IssueKey(s.AsHomer(t), r)
		if err != nil {
			t.Fatal(err)
		}
		of[i] = "/devices/new/keys/" + string(k.ID)
	}
	s.Homer.Post(t, of[2]+"/serials", "serials", "74743827342 74743827343 74743827344").Wants(t, 303)
	s.Homer.Post(t, of[0]+"/replace").Wants(t, 303)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "keys", base+"/devices/new/keys?org="+string(s.Household))
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelectorAll("main details").forEach(d => d.open = true); 0`)); err != nil {
		t.Fatal(err)
	}
	for _, theme := range uitest.Themes {
		for _, width := range uitest.Widths {
			if err := chromedp.Do(tab, uitest.As(theme, width)); err != nil {
				t.Fatal(err)
			}
			picture(t, tab, fmt.Sprintf("keys-form-%s-%d", theme, width))
		}
	}
	look(t, tab, "key-retiring", base+of[0])
	look(t, tab, "key-classic", base+of[1])
	look(t, tab, "key-listed", base+of[2])
	look(t, tab, "key-revoke", base+of[2]+"/revoke")
	s.Homer.Post(t, "/orgs/"+string(s.Household)+"/account-keys").Wants(t, 200)
	look(t, tab, "place", base+"/orgs/"+string(s.Household))
}

package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"halfkey/iam/notify"
	"halfkey/iam/notify/notifytest"
	"halfkey/migrations/dbtest"
	"halfkey/web/webtest"
)

// A notebook is a log that many write at once.
type notebook struct {
	sync.Mutex
	bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.Lock()
	defer n.Unlock()
	return n.Buffer.Write(p)
}

// Links, codes and tokens of every kind are handed out in a story, and none of
// them is afterwards in the database's files or in the log: they are kept as
// hashes, or sealed.
func TestWhatOpensSomethingIsKeptNowhereInClear(t *testing.T) {
	db, log := dbtest.SQLite(t), &notebook{}
	o := &office{Simpsons: webtest.On(t, db, slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})).Furnish(t), mail: notifytest.Serve(t, nil)}
	m, err := notify.NewMailer(notify.MailConfig{Host: o.mail.Host, Port: o.mail.Port, From: "halfkey@simps.net", Mode: notify.Plain})
	if err != nil {
		t.Fatal(err)
	}
	o.Post.Mailer, o.Post.Base = m, func(context.Context) string { return "https://halfkey.example" }
	d, write := o.Board(t, o.Household, "74743827342", "Living room")
	device, tomorrow := "/devices/"+string(d.ID), time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	org := "/orgs/" + string(o.Household)
	key := o.Key(t, o.Household)

	secrets := map[string]string{"the setup code": o.Setup.Reveal(), "a password": webtest.Password, "a key's second half": key.Second.Reveal(), "a write key": write}
	b := o.Browser(t)
	b.Post(t, "/recover", "email", "marge@simps.net").Wants(t, 200)
	secrets["a recovery link"] = path.Base(o.link(t, "marge@simps.net"))
	b.Get(t, "/recover/"+secrets["a recovery link"]).Wants(t, 200)
	o.Homer.Post(t, "/people/invite", "org", string(o.Household), "email", "bart@simps.net", "role", "member").Wants(t, 200)
	secrets["an invitation"] = path.Base(o.link(t, "bart@simps.net"))
	b.Post(t, "/i/"+secrets["an invitation"], "name", "Bart", "password", webtest.Password).Wants(t, 303)
	b.Post(t, "/register", "organisation", "Moe's Tavern", "name", "Moe", "email", "moe@simps.net", "password", webtest.Password).Wants(t, 200)
	secrets["a registration's link"] = path.Base(o.link(t, "moe@simps.net"))
	o.Homer.Post(t, "/me/address", "email", "homer@plant.example").Wants(t, 200)
	secrets["an address's link"] = path.Base(o.link(t, "homer@plant.example"))

	p := o.Homer.Post(t, "/me/app").Wants(t, 200)
	secrets["an app's secret"] = strings.ReplaceAll(p.Find(t, `<code>([A-Z2-7 ]+)</code>`), " ", "")
	secrets["a ticket"] = p.Find(t, `name="ticket" value="([^"]+)"`)
	p = o.Homer.Post(t, "/me/codes").Wants(t, 200)
	secrets["a recovery code"] = p.Find(t, `<li><code>([0-9A-Z-]+)</code>`)
	secrets["a recovery code without its dash"] = strings.ReplaceAll(secrets["a recovery code"], "-", "")
	secrets["one's own token"] = o.Homer.Post(t, "/me/tokens", "label", "Script", "not_after", tomorrow).Wants(t, 200).Find(t, `(hk_[0-9a-z]{59})`)
	bot := o.Homer.Post(t, "/services", "org", string(o.Household), "name", "Bot").Wants(t, 303).Header.Get("Location")
	secrets["a service account's token"] = o.Homer.Post(t, bot+"/tokens", "label", "First", "not_after", tomorrow).Wants(t, 200).Find(t, `(hk_[0-9a-z]{59})`)
	secrets["an embedded chart's link"] = o.Homer.Post(t, "/c/"+d.Channel+"/embeds", "label", "Blog", "range", "24h").Wants(t, 200).Find(t, `/embed/([A-Za-z0-9_-]{43})`)
	secrets["a named read key"] = o.Homer.Post(t, device+"/read-keys", "label", "Grafana").Wants(t, 200).Find(t, `\b([0-9A-Z]{16})\b`)
	secrets["a read key"] = o.Marge.Post(t, "/k/"+d.Channel).Wants(t, 200).Find(t, `\b([0-9A-Z]{16})\b`)
	secrets["an account key"] = o.Homer.Post(t, org+"/account-keys").Wants(t, 200).Find(t, `\b([0-9A-Z]{16})\b`)
	secrets["a webhook's secret"] = o.Homer.Post(t, org+"/webhooks", "url", "https://hook.simps.net/").Wants(t, 200).Find(t, `(whsec_[a-z0-9]{52})`)
	secrets["a manual device's write key"] = o.Homer.Post(t, "/devices/new/manual", "org", string(o.Household), "name", "Sketch", "kind", "thermometer").Wants(t, 200).Find(t, `\b([0-9A-Z]{16})\b`)
	agent := o.Homer.Post(t, "/agents", "name", "Press", "profile", "SHARED_SECRET", "org", string(o.Household)).Wants(t, 303).Header.Get("Location")
	_, secrets["an agent's initial token"] = boardingIn(t, o.Homer.Post(t, agent+"/boarding").Wants(t, 200).Body)
	for _, c := range o.Homer.Cookies(t) {
		if len(c.Value) > 20 {
			secrets["the cookie "+c.Name] = c.Value
		}
	}

	var file string
	if err := db.Gorm.Raw("SELECT file FROM pragma_database_list WHERE name = 'main'").Row().Scan(&file); err != nil {
		t.Fatal(err)
	}
	places := map[string][]byte{"the log": log.Bytes()}
	for _, end := range []string{"", "-wal"} {
		if places["the database"+end], err = os.ReadFile(file + end); err != nil {
			t.Fatal(err)
		}
	}
	for name, secret := range secrets {
		if len(secret) < 10 {
			t.Fatalf("%s is no secret: %q", name, secret)
		}
		for _, as := range []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
			for place, text := range places {
				if bytes.Contains(text, []byte(as)) {
					t.Errorf("%s is in %s", name, place)
				}
			}
		}
	}
	if !bytes.Contains(places["the database-wal"], []byte("bart@simps.net")) && !bytes.Contains(places["the database"], []byte("bart@simps.net")) {
		t.Error("what was looked through is not the database")
	}
}

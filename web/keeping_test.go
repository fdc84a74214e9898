package web_test

import (
	"testing"
	"time"

	"halfkey/policies"
)

func TestHomerSaysHowLongReadingsStay(t *testing.T) {
	s := furnished(t)
	d, key := s.Board(t, s.Household, "74743827342", "Living room")
	s.Measure(t, key, 40*24, time.Hour, 21)
	readings := func() (n int64) {
		s.DB.Raw("SELECT COUNT(*) FROM feeds").Scan(&n)
		return n
	}
	all := readings()
	at, top := "/orgs/"+string(s.Household)+"/keeping", "/orgs/"+string(s.Tenant)+"/keeping"
	s.Homer.Get(t, at).Wants(t, 200).Says(t, "There is no rule: everything stays.", "There was none yet.")

	for _, wrong := range [][2]string{{"0", ""}, {"many", ""}, {"30", "10"}, {"", "10"}, {"99999", ""}, {"-1", ""}} {
		s.Homer.Post(t, at, "entries", wrong[0], "sums", wrong[1]).Wants(t, 422).Says(t, "at least a day and at most a hundred years", `value="`+wrong[0]+`"`)
	}
	s.Homer.Post(t, top, "entries", "30", "sums", "365").Wants(t, 200).Says(t, "Readings older than 30 days go.", "Charts reach back 365 days.", "for good")
	s.Homer.Get(t, top).Says(t, "There is no rule")
	s.Homer.Post(t, top, "entries", "30", "sums", "365", "sure", "1").Wants(t, 303)
	s.Homer.Get(t, top).Says(t, "This place has a rule of its own.", `value="30"`, `value="365"`)
	s.Homer.Get(t, at).Says(t, "The rule of The Simpsons counts here.")
	s.Homer.Post(t, at, "entries", "", "sums", "").Wants(t, 303) // the nearer one counts
	s.Channels.Keep(t.Context())
	if n := readings(); n != all {
		t.Errorf("%d of %d readings are left though the household keeps all", n, all)
	}
	s.Homer.Post(t, at+"/drop").Wants(t, 200).Says(t, "Readings older than 30 days go.")
	s.Homer.Post(t, at+"/drop", "sure", "1").Wants(t, 303)
	s.Channels.Keep(t.Context())
	if n := readings(); n >= all || n < 29*24 {
		t.Errorf("%d of %d readings are left", n, all)
	}
	s.Homer.Get(t, "/c/"+d.Channel).Wants(t, 200)
	s.Homer.Get(t, at).Says(t, "Done").Silent(t, "readings went") // of the whole installation: not his to know
	frink(t, s).Get(t, top).Wants(t, 200).Says(t, "readings went")
	s.Homer.Get(t, "/activity").Says(t, "changed how long readings of", "let the place above decide")

	s.Marge.Get(t, at).Wants(t, 403)
	s.Marge.Post(t, at, "entries", "1", "sure", "1").Wants(t, 403)
	nelson := joins(t, s, "Nelson", s.Plant, policies.Manager)
	nelson.Get(t, at).Wants(t, 404)
	nelson.Post(t, at+"/drop", "sure", "1").Wants(t, 404)

	stale(t, s)
	s.Homer.Post(t, at, "entries", "1", "sure", "1").Wants(t, 403).Says(t, `name="prove_password"`)
	tab, base := signedIn(t, s, "homer")
	look(t, tab, "keeping", base+top)
	goes(t, tab, base+"/orgs/"+string(s.Tenant), "#settings")
	does(t, tab, "document.querySelector(`a[href$='/keeping']`).click()")
	waits(t, tab, says("Days that readings stay"))
}

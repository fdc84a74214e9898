package rest_test

import (
	"testing"

	"halfkey/web/webtest"
)

func TestWhatIsBrokenIsToldToPrograms(t *testing.T) {
	h := newHouse(t)
	frink := h.Browser(t)
	frink.Post(t, "/login", "email", "frink@simps.net", "password", webtest.Password).Wants(t, 303)
	admin := as(h.House, frink)
	if all := admin.do(t, "GET", "/findings", nil).wants(200).items(); len(all) != 0 {
		t.Fatalf("%v", all)
	}
	for range 3 {
		err := h.DB.Exec(`INSERT INTO river_job (kind, args, max_attempts, attempt, state, finalized_at, attempted_at, errors)
VALUES ('letter', '{"letter":"x"}', 16, 16, 'discarded', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, '[{"error":"dial tcp: refused"}]')`).Error
		if err != nil {
			t.Fatal(err)
		}
	}
	all := admin.do(t, "GET", "/findings", nil).wants(200).items()
	if len(all) != 1 || all[0]["code"] != "mail-dead" || all[0]["weight"] != "broken" || all[0]["command"] != "halfkey job again letter" || all[0]["url"] != h.URL+"/admin/jobs?state=discarded" {
		t.Fatalf("%v", all)
	}
	first := admin.do(t, "GET", "/jobs"+query("state", "discarded", "limit", "2"), nil).wants(200)
	if len(first.items()) != 2 || len(admin.do(t, "GET", first.next(), nil).wants(200).items()) != 1 {
		t.Errorf("%s", first.body)
	}
	one := "/jobs/" + first.items()[0]["id"].(string)
	for _, c := range []*caller{h.homer, h.marge} {
		if all := c.do(t, "GET", "/findings", nil).wants(200).items(); len(all) != 0 {
			t.Errorf("the owner of a house hears of the installation: %v", all)
		}
		c.do(t, "GET", "/jobs", nil).wants(404)
		c.do(t, "POST", one+"/drop", nil).wants(404)
		c.do(t, "POST", "/job_kinds/letter/retry", nil).wants(404)
	}
	admin.do(t, "POST", one+"/drop", nil).wants(204)
	admin.do(t, "POST", one+"/retry", nil).refuses(404, "job-unknown")
	admin.odd(t, "GET", "/jobs"+query("state", "odd"), nil).wants(400)
	if n := admin.do(t, "POST", "/job_kinds/letter/retry", nil).wants(200).object()["count"]; n != 2.0 {
		t.Errorf("%v are tried again", n)
	}
	if all := admin.do(t, "GET", "/findings", nil).wants(200).items(); len(all) != 0 {
		t.Errorf("%v", all)
	}
	h.marge.do(t, "GET", "/findings"+query("org", string(h.Household)), nil).wants(403)
}

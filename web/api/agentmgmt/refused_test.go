package agentmgmt

import (
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"halfkey/devices/agents"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// What opens nothing is refused at each door in the same octets whatever was
// wrong with it; only the trail knows.
func TestWhatOpensNothingSaysNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		const call = "0123456789abcdef"
		o, other := d.made("press", agents.RSA3072).fetch(), d.made("other", agents.RSA3072)
		initial := o.config.IAT
		other.key = keyPairs[1]()
		o.board()
		other.board()
		gone := d.made("gone", agents.RSA3072).board()
		goneRAT, goneAssertion := gone.creds.RAT, gone.assertion(gone.claims())
		d.send("POST", gone.at("/boarding/offboard"), d.admin, nil).wants(t, 200)
		left := d.made("left", agents.RSA3072).board()
		leftRAT, leftAssertion := left.creds.RAT, left.assertion(left.claims())
		d.send("POST", left.at("/boarding/offboard"), d.admin, nil).wants(t, 200)
		d.send("DELETE", gone.at(""), d.admin, nil, "If-Match", "1").wants(t, 204)

		registers := func(bearer string) reply {
			return d.send("POST", management+"/register", bearer, o.metadata(""), "Correlation-ID", call)
		}
		renews := func(id, bearer string) reply {
			return d.send("PUT", management+"/register/"+id, bearer, o.metadata(id), "Correlation-ID", call)
		}
		asks := func(assertion string) reply {
			f := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
			r := httptest.NewRequest("POST", management+"/oauth/token", strings.NewReader(f.Encode()))
			r.Header.Set("Content-Type", formType)
			r.Header.Set("Correlation-ID", call)
			return d.serve(r)
		}
		const token = `{"error":"token_validation_failed","error_description":"[` + call + `]"}` + "\n"
		const client = `{"error":"invalid_client","error_description":"[` + call + `]"}` + "\n"
		for what, c := range map[string]struct {
			r      reply
			status int
			body   string
		}{
			"an initial token once more":             {registers(initial), 401, token},
			"a registration token as initial one":    {registers(o.creds.RAT), 401, token},
			"an access token as initial one":         {registers(o.token()), 401, token},
			"another's registration token":           {renews(o.id, other.creds.RAT), 401, token},
			"an initial token as registration one":   {renews(o.id, initial), 401, token},
			"an access token as registration one":    {renews(o.id, o.token()), 401, token},
			"a registration token after offboard":    {renews(left.id, leftRAT), 401, token},
			"a registration token of a gone agent":   {renews(gone.id, goneRAT), 401, token},
			"no token":                               {renews(o.id, ""), 401, token},
			"a registration token as assertion":      {asks(o.creds.RAT), 400, client},
			"an initial token as assertion":          {asks(initial), 400, client},
			"another's assertion in this one's name": {asks(other.assertion(o.claims())), 400, client},
			"an assertion after offboard":            {asks(leftAssertion), 400, client},
			"an assertion of a gone agent":           {asks(goneAssertion), 400, client},
			"an assertion with alg none":             {asks(o.withAlg("none")), 400, client},
		} {
			if c.r.Code != c.status || c.r.Body.String() != c.body {
				t.Errorf("%s: %d %s", what, c.r.Code, c.r.Body)
			}
		}
		for what, bearer := range map[string]string{"a registration token": o.creds.RAT, "an initial token": initial, "an assertion": o.assertion(o.claims())} {
			if r := d.send("GET", o.at("/boarding/status"), bearer, nil); r.Code != 401 {
				t.Errorf("%s opens a door: %d %s", what, r.Code, r.Body)
			}
		}
		o.renewed() // none of it took anything away
		o.token()
		causes := strings.Join(d.Causes(t), " ")
		for _, want := range []string{"already-onboarded", "token-dead", "not-onboarded", "agent-unknown", "signature-wrong", "alg-wrong", "iss-wrong"} {
			if !strings.Contains(causes, want) {
				t.Errorf("the trail does not say %q: %s", want, causes)
			}
		}
	})
}

// withAlg is a good assertion whose header names another algorithm.
func (o *onboarded) withAlg(alg string) string {
	good := o.assertion(o.claims())
	return strings.Replace(good, good[:strings.IndexByte(good, '.')], base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)), 1)
}

// What cannot be read is refused at each door with the field that is wrong.
func TestABodyThatCannotBeReadIsToldWhere(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	access := o.token()
	for _, c := range []struct{ method, path, bearer string }{
		{"POST", management + "/agents", d.admin}, {"PUT", o.at(""), d.admin}, {"PUT", o.at("/dataSourceConfiguration"), access},
		{"POST", connect + "/dataPointMappings", access}, {"POST", eventing + "/events", access},
	} {
		send := func(contentType, body string) reply {
			return d.send(c.method, c.path, c.bearer, body, "Content-Type", contentType, "If-Match", "1")
		}
		for _, body := range []string{"", "{", "<html>", "[1", `"press`, "\x00"} {
			send("application/json", body).says(t, 400, "body")
		}
		for _, contentType := range []string{"text/plain", "application/json;;", "multipart/mixed"} {
			send(contentType, "{}").says(t, 400, "Content-Type")
		}
		send("application/json", strings.Repeat(" ", exchangeMost+1)).says(t, 413, "larger")
	}
	d.send("POST", management+"/agents", d.admin, `{"name":"x","securityProfile":"RSA_4096"}`).says(t, 400, "securityProfile")
	o.message(access, "multipart/mixed;boundary=outer", "--outer\r\nContent-Type: multipart/related;boundary=inner\r\n\r\n--inner\r\nContent-Type: application/json\r\n\r\n[").says(t, 400, "multipart")
	o.message(access, "text/plain", "x").says(t, 400, "Content-Type")
}

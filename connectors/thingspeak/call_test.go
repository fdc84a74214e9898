package thingspeak

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"halfkey/connectors"
	"halfkey/iam/outward"
	"halfkey/iam/vault"
)

const secret = "ACCOUNTKEY000001"

// Every row of what an answer may be, and what it means for a create.
func TestWhatAnAnswerMeans(t *testing.T) {
	whole := `{"id":7,"name":"x","metadata":"{\"halfkey_op\":\"c.p\"}","last_entry_id":null,"public_flag":false,"field1":"Temp","api_keys":[{"api_key":"WRITEWRITEWRITE1","write_flag":true},{"api_key":"READREADREADREA1","write_flag":false}]}`
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"made":                {200, whole, nil},
		"made, no read key":   {200, `{"id":"7","api_keys":[{"api_key":"WRITEWRITEWRITE1","write_flag":true}]}`, nil},
		"wrong key":           {401, `{}`, connectors.ErrAccount},
		"pay":                 {402, ``, connectors.ErrQuota},
		"forbidden":           {403, ``, connectors.ErrQuota},
		"conflict":            {409, ``, connectors.ErrQuota},
		"refused":             {422, ``, connectors.ErrQuota},
		"pace":                {429, ``, connectors.ErrPace},
		"gone":                {404, ``, connectors.ErrNotThere},
		"malformed":           {400, ``, connectors.ErrDenied},
		"elsewhere":           {302, ``, connectors.ErrDenied},
		"broken":              {500, whole, connectors.ErrUnsure},
		"away":                {503, ``, connectors.ErrUnsure},
		"no JSON":             {200, `<html>`, connectors.ErrUnsure},
		"another shape":       {200, `[]`, connectors.ErrUnsure},
		"no number":           {200, `{"api_keys":[]}`, connectors.ErrUnsure},
		"half a number":       {200, `{"id":1.5}`, connectors.ErrUnsure},
		"a key that is none":  {200, `{"id":7,"api_keys":[{"api_key":"a b\n","write_flag":true}]}`, connectors.ErrUnsure},
		"longer than we read": {200, `"` + strings.Repeat("x", maxAnswer) + `"`, connectors.ErrUnsure},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.RequestURI, secret) || r.FormValue("api_key") != secret || r.FormValue("metadata") != `{"halfkey_op":"c.p"}` || r.FormValue("tags") != "halfkey" {
					t.Errorf("asked %s with %v", r.RequestURI, r.Form)
				}
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer srv.Close()
			s := New(true)
			o, err := s.Create(t.Context(), connectors.Access{Settings: connectors.Settings{"base_url": srv.URL}, Secret: secret}, "c.p", connectors.Wish{Name: "x", Fields: []connectors.Field{{Name: "Temp"}}})
			if !errors.Is(err, c.want) || c.want == nil && (o.ID != "7" || o.WriteKey.Reveal() != "WRITEWRITEWRITE1") {
				t.Errorf("%+v, %v, want %v", o, err, c.want)
			}
		})
	}
}

// The one call with the key in its URL tells it to nobody, whatever goes wrong.
func TestTheKeyStandsInNoError(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	a := connectors.Access{Settings: connectors.Settings{"base_url": srv.URL}, Secret: secret}
	_, err := New(true).List(t.Context(), a)
	srv.Close()
	_, shut := New(true).List(t.Context(), a)
	_, inward := New(false).List(t.Context(), a)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, left := New(true).List(gone, a)
	for _, err := range []error{err, shut, inward, left} {
		if err == nil || strings.Contains(err.Error(), secret) || !errors.Is(err, connectors.ErrUnsure) {
			t.Errorf("the error is %v", err)
		}
	}
	if !errors.Is(inward, outward.ErrInward) {
		t.Errorf("this machine was called: %v", inward)
	}
	if s := fmt.Sprintf("%v %+v", a, a); strings.Contains(s, secret) {
		t.Errorf("what a call needs prints as %s", s)
	}
}

func TestSettingsAreJudged(t *testing.T) {
	kept, err := New(false).Ready(connectors.Settings{"account_key": "never kept"})
	if err != nil || kept["base_url"] != "https://api.thingspeak.com" || kept["channels"] != "4" || kept["pool"] != "0" || len(kept) != 3 {
		t.Errorf("%v, %v", kept, err)
	}
	for _, bad := range []connectors.Settings{{"base_url": "http://api.thingspeak.com"}, {"base_url": "https://127.0.0.1"}, {"channels": "-1"}, {"channels": "many"}, {"pool": "51"}} {
		if _, err := New(false).Ready(bad); !errors.Is(err, ErrSettings) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// Whatever a service says is a channel with a number and keys that may be stored,
// or not certain.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"id":1,"api_keys":[{"api_key":"A","write_flag":true}]}`, `[{"id":"1"},null]`, `{"id":-1}`, `{"id":1e3}`, `{"id":1,"metadata":"{"}`, `{"id":1,"metadata":{}}`, `{"id":1,"last_entry_id":-5}`, `[[]]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := parseList([]byte(s))
		one, failed := parseChannel([]byte(s))
		if failed == nil {
			list = append(list, one)
		}
		for _, err := range []error{err, failed} {
			if err != nil && !errors.Is(err, connectors.ErrUnsure) {
				t.Fatal(err)
			}
		}
		for _, o := range list {
			if o.ID == "" || strings.Trim(o.ID, "0123456789") != "" || len(o.Fields) > 8 || o.Entries < 0 || strings.ContainsAny(vault.Secret(o.WriteKey).Reveal()+o.ReadKey.Reveal(), " \n\x00") {
				t.Fatalf("%+v", o)
			}
		}
	})
}

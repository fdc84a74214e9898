package agents

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
)

func TestAListOfAgentsIsReadAsProgramsWriteIt(t *testing.T) {
	want := []line{{2, "press 7", agents.RSA3072, "Power plant"}, {3, "brewer, small", agents.SharedSecret, ""}, {5, "kettle", agents.RSA3072, ""}}
	for name, text := range map[string]string{
		"commas":     "name,profile,place\npress 7,RSA_3072,Power plant\n\"brewer, small\",shared_secret\n\nkettle\n",
		"semicolons": "\ufeffName;Profile;Place\r\npress 7;RSA_3072;Power plant\r\n\"brewer, small\";SHARED_SECRET;\r\n\r\nkettle\r\n",
	} {
		good, wrong := parseLines(text)
		if !reflect.DeepEqual(good, want) || len(wrong) > 0 {
			t.Errorf("%s: %+v, %+v", name, good, wrong)
		}
	}
	_, wrong := parseLines("a,RSA_4096\nb,RSA_3072,Garage,more\nc\n\"d")
	var where []string
	for _, w := range wrong {
		where = append(where, fmt.Sprint(w.Line, ":", w.Column))
	}
	if got := strings.Join(where, " "); !strings.HasPrefix(got, "1:2 2:4 4:") {
		t.Error(got)
	}
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{"", "name,profile\na,b", "a;b;c\n\"", "\ufeffname\n\n\n,", "press 7,RSA_3072,Power plant\r\nx", "a,b,c,d,e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		good, wrong := parseLines(text)
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for _, l := range good {
			if l.Line < 1 || l.Line > lines || l.Profile == "" {
				t.Errorf("%+v of %d lines", l, lines)
			}
		}
		for _, w := range wrong {
			if w.Line < 1 || w.Line > lines || w.Column < 1 || w.Fault == nil {
				t.Errorf("%+v of %d lines", w, lines)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "q=press&stage=aboard&at=2", "stage=x&at=-1", "q=%00%ff", "at=99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		l := parseQuery(q)
		at, err := url.Parse(l.link(l.page))
		if err != nil {
			t.Fatal(err)
		}
		if again := parseQuery(at.Query()); again != l {
			t.Errorf("%+v became %+v", l, again)
		}
	})
}

func FuzzNetworkForm(f *testing.F) {
	for _, s := range []string{"", "name-0=eth0&dhcp-0=on", "name-0=eth0&address-0=192.168.0.7/24&dns-0=1.1.1.1,2.2.2.2&proxy_host=p&proxy_port=x", "name-99=a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form := readNetworkForm(echo.New().NewContext(r, httptest.NewRecorder()))
		text, err := form.profile()
		if err != nil {
			t.Fatal(err)
		}
		if n := networkOf(text); (n == nil) != (len(form.Lines) == 0) {
			t.Errorf("%+v became %q", form, text)
		}
	})
}

package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"halfkey/devices/client"
	"halfkey/devices/wire"
)

// canned answers every request alike, without a network.
type canned struct {
	body       []byte
	status     int
	retryAfter string
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: http.Header{"Retry-After": {c.retryAfter}}, Body: io.NopCloser(bytes.NewReader(c.body))}, nil
}

var row = client.Row{Fields: []string{"21.4"}}

func registered(t *testing.T, s *server) (*client.Client, *clock) {
	t.Helper()
	d, c := s.device(standard)
	if err := errors.Join(d.Register(t.Context()), d.Write(t.Context(), row)); err != nil {
		t.Fatal(err)
	}
	return d, c
}

func TestRefusedKeyMakesTheDeviceAskAgain(t *testing.T) {
	s := newServer(t)
	d, _ := registered(t, s)
	s.rotate("WRITEKEY00000002")
	if err := d.Write(t.Context(), row); !errors.Is(err, client.ErrRefused) {
		t.Fatal(err)
	}
	if err := d.Report(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	if st := state(t, d); len(s.asked) != 2 || len(s.rows) != 2 || st.Current.Channel.WriteKey != "WRITEKEY00000002" || st.Next != nil {
		t.Errorf("asked %v, rows %v, kept %+v", s.asked, s.rows, st)
	}
}

// 403 means nothing for what is stored: a paused device goes on with its key.
func TestPausedDeviceGoesOnByItself(t *testing.T) {
	s := newServer(t)
	d, c := registered(t, s)
	before := state(t, d)
	s.rotate("NOBODYS")
	for range 100 {
		s.then(says(403, 0, wire.Refused.Problem))
	}
	for range 40 { // ten minutes
		if err := d.Report(t.Context(), row); err == nil {
			t.Fatal("wrote while paused")
		}
		c.at = c.at.Add(15 * time.Second)
	}
	if n := len(s.asked) - 1; n < 3 || n > 5 {
		t.Errorf("asked %d times in ten minutes", n)
	}
	s.rotate("WRITEKEY00000001")
	if err := d.Report(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	if after := state(t, d); *after.Current != *before.Current {
		t.Errorf("kept %+v", after)
	}
}

// New credentials stand beside the old until they have worked.
func TestOldCredentialsStayUntilNewOnesWork(t *testing.T) {
	s := newServer(t)
	d, _ := registered(t, s)
	s.rotate("WRITEKEY00000002")
	if err := d.RegisterOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.rotate("WRITEKEY00000001") // the owner took the change back
	if err := d.Write(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	if st := state(t, d); st.Current.Channel.WriteKey != "WRITEKEY00000001" || st.Next == nil {
		t.Errorf("kept %+v", st)
	}
}

func TestThingSpeaksAnswersAreUnderstood(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{200, "123", nil}, {200, " 7\r\n", nil}, {200, "0", client.ErrTooSoon}, {400, "0", client.ErrRefused},
		{200, "", errors.ErrUnsupported}, {200, "ok", errors.ErrUnsupported}, {404, "0", errors.ErrUnsupported},
		{500, "1", errors.ErrUnsupported}, {402, "", errors.ErrUnsupported}, {301, "5", errors.ErrUnsupported}, {200, "-1", errors.ErrUnsupported},
	} {
		store := &client.MemoryStore{}
		store.Save(client.State{Current: &wire.Credentials{Channel: wire.Channel{ID: "1", WriteKey: "A"}}})
		d := client.Client{Server: "http://halfkey.test", Store: store, HTTP: &http.Client{Transport: canned{[]byte(c.body), c.status, ""}}}
		err := d.Write(t.Context(), row)
		if known := errors.Is(err, client.ErrTooSoon) || errors.Is(err, client.ErrRefused); c.want == errors.ErrUnsupported && (err == nil || known) || c.want != errors.ErrUnsupported && !errors.Is(err, c.want) {
			t.Errorf("%d %q: %v", c.status, c.body, err)
		}
	}
}

func TestRunRegistersMeasuresAndOutlivesTheLine(t *testing.T) {
	s := newServer(t)
	d, c := s.device(standard)
	s.then(says(202, 5, ""))
	c.limit = 6
	measured := 0
	err := d.Run(t.Context(), 15*time.Second, func(at time.Time) (client.Row, error) {
		switch measured++; measured {
		case 2:
			s.rotate("WRITEKEY00000002") // changed without a word
		case 3:
			d.UpdateURL = "http://127.0.0.1:1/update" // the line is down
		case 4:
			d.UpdateURL = s.URL + "/update"
		}
		return row, nil
	})
	if !errors.Is(err, context.Canceled) || len(s.rows) != 4 || measured != 5 {
		t.Errorf("%v, rows %v of %d", err, s.rows, measured)
	}
	if err := d.Run(t.Context(), time.Second, func(time.Time) (client.Row, error) { return client.Row{}, io.EOF }); err != nil {
		t.Errorf("at the end of the input: %v", err)
	}
}

func TestNewKeyIsTriedAtTheNextStart(t *testing.T) {
	s := newServer(t)
	d, _ := registered(t, s)
	for _, refused := range []bool{true, false} {
		st := state(t, d)
		st.RegistrationDue = true
		d.Store.Save(st)
		if refused {
			s.then(says(403, 0, wire.Refused.Problem))
		}
		if err := d.Run(t.Context(), time.Second, func(time.Time) (client.Row, error) { return client.Row{}, io.EOF }); err != nil {
			t.Fatal(err)
		}
		if st := state(t, d); st.RegistrationDue != refused || st.Current == nil {
			t.Errorf("refused %v: %+v", refused, st)
		}
	}
}

func TestHistoryIsFilledInOrderAndOnce(t *testing.T) {
	s := newServer(t)
	d, c := registered(t, s)
	room := client.NewThermometer("1").Measure
	if err := d.Backfill(t.Context(), c.at.Add(-time.Hour), c.at, 20*time.Minute, room); err != nil {
		t.Fatal(err)
	}
	if len(s.rows) != 4 || !slices.IsSorted(s.rows[1:]) {
		t.Fatalf("wrote %v", s.rows)
	}
	if err := d.Backfill(t.Context(), c.at.Add(-time.Hour), c.at.Add(20*time.Minute), 20*time.Minute, room); err != nil || len(s.rows) != 5 {
		t.Errorf("at the next start: %v, %v", s.rows, err)
	}
}

func TestRowOfThePastThatIsThereAlreadyIsPassed(t *testing.T) {
	c := &clock{at: time.Unix(1_790_000_000, 0)}
	store := &client.MemoryStore{}
	store.Save(client.State{Current: &wire.Credentials{Channel: wire.Channel{ID: "1", WriteKey: "A"}}})
	d := client.Client{Server: "http://halfkey.test", Store: store, Sleep: c.Sleep, HTTP: &http.Client{Transport: canned{[]byte("0"), 200, ""}}}
	err := d.Backfill(t.Context(), c.at.Add(-20*time.Minute), c.at, 20*time.Minute, client.NewThermometer("1").Measure)
	if err != nil || len(c.slept) < 15 {
		t.Errorf("%v, after %v", err, c.slept)
	}
}

func TestSimpleDoorsRowsGoToTheServersHost(t *testing.T) {
	var asked string
	store := &client.MemoryStore{}
	store.Save(client.State{Current: &wire.Credentials{Channel: wire.Channel{ID: "1", WriteKey: "A"}}})
	d := client.Client{Server: "https://halfkey.lan:8443/", Store: store, HTTP: &http.Client{Transport: spy{&asked}}}
	if err := d.Write(t.Context(), row); err != nil || asked != "http://halfkey.lan:8081/update" {
		t.Errorf("%s, %v", asked, err)
	}
}

type spy struct{ asked *string }

func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	*s.asked = r.URL.String()
	return canned{[]byte("1"), 200, ""}.RoundTrip(r)
}

// Only a 400 with ThingSpeak's 0 sends a device back to the registration door.
func FuzzUpdateAnswer(f *testing.F) {
	f.Add([]byte("0"), 400)
	f.Add([]byte("12\r\n"), 200)
	f.Add([]byte("-0"), 400)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		store := &client.MemoryStore{}
		store.Save(client.State{Next: &wire.Credentials{Channel: wire.Channel{ID: "1", WriteKey: "A"}}})
		d := client.Client{Server: "http://halfkey.test", Store: store, HTTP: &http.Client{Transport: canned{body, status, ""}}}
		err := d.Write(t.Context(), row)
		kept, _ := store.Load()
		if worked := kept.Current != nil; worked != (err == nil) || err == nil && status != 200 || errors.Is(err, client.ErrRefused) && status != 400 {
			t.Fatalf("%d %q: %v, kept %+v", status, body, err, kept)
		}
	})
}

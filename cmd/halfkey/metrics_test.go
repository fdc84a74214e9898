package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"halfkey/orgs"
)

func TestAnOperatorSeesWhatGoesOn(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir()}
	found(t, settings)
	key := issue(t, settings, orgs.KeyRequest{Label: "Old", Form: orgs.Classic})
	p := start(t, settings...)
	for _, at := range []string{
		p.url("/ws/iot/devices/74743827342?key=" + key.First),
		p.url("/ws/iot/devices/74743827342?key=" + key.First),
		p.url("/ws/iot/devices/74743827342?key=AAAAAAAA"),
		p.url("/ws/iot/devices/74743827342"),
		p.url("/nowhere/" + key.First),
		"http://" + p.thingspeak + "/update?field1=1&api_key=AAAAAAAAAAAAAAAA",
	} {
		res, err := http.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	text := get(t, "http://"+p.metrics+"/metrics")
	for _, line := range []string{
		`halfkey_registrations_total{door="simple",outcome="boarded"} 1`,
		`halfkey_registrations_total{door="simple",outcome="known"} 1`,
		`halfkey_registrations_total{door="simple",outcome="refused"} 1`,
		`halfkey_registrations_total{door="simple",outcome="malformed"} 1`,
		`halfkey_registrations_total{door="proved",outcome="boarded"} 0`,
		`halfkey_values_stored_total 0`,
		`halfkey_values_refused_total{cause="wrong-key"} 1`,
		`halfkey_streams_open 0`,
		"halfkey_password_hashes_total ",
		`halfkey_commit_deeds_bucket{le="1"} `,
		`halfkey_commits_failed_total 0`,
		`halfkey_request_seconds_count{door="main",method="GET",route="/ws/iot/devices/:serial",status="403"} 1`,
		`halfkey_request_seconds_count{door="thingspeak",method="GET",route="/update",status="400"} 1`,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no %s", line)
		}
	}
	for _, sent := range []string{key.First, "74743827342", "nowhere", "AAAAAAAA", "Simpsons", "simps.net"} {
		if strings.Contains(text, sent) {
			t.Errorf("the metrics tell of whom or what they are: %s", sent)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := newMeters()
	for b.Loop() {
		m.observe(series{"main", http.MethodGet, "/ws/iot/devices/:serial", http.StatusOK}, time.Millisecond)
	}
}

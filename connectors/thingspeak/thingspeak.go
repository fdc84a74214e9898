// Package thingspeak speaks to a ThingSpeak, hosted or of somebody's own. It
// makes, lists, changes and deletes channels with an account's key, and tells what
// became of each call; when to call and what to make of it is the desk's. The
// account's key stands in a URL only where the API takes it nowhere else, and
// never in an error.
package thingspeak

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"halfkey/connectors"
	"halfkey/iam/fault"
	"halfkey/iam/outward"
)

// Provider is the name under which connectors know it.
const Provider = "thingspeak"

// Hosted is where ThingSpeak itself is.
const Hosted = "https://api.thingspeak.com"

// Service makes the calls.
type Service struct {
	// Private lets the base URL lie on this machine or its network.
	Private bool
	// Client makes the calls; nil: one that reaches what Private allows.
	Client *http.Client
}

var _ connectors.Service = (*Service)(nil)

// maxAnswer is the longest answer that is read: a list of some twenty thousand channels.
const maxAnswer = 16 << 20

// New makes a service that reaches the public internet, and with private this
// machine and its network too.
func New(private bool) *Service {
	client := outward.ClientReading(private, maxAnswer)
	// A redirect would carry the account's key to whom it names.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Transport = connectors.Watched(client.Transport)
	return &Service{Private: private, Client: client}
}

// Name implements connectors.Service.
func (s *Service) Name() string { return Provider }

// Capabilities implements connectors.Service: the API has no call for keys.
func (s *Service) Capabilities() connectors.Capabilities { return connectors.Capabilities{} }

// Form implements connectors.Service.
func (s *Service) Form() []connectors.Setting {
	return []connectors.Setting{
		{Name: "base_url", Kind: "url", Usual: Hosted, Required: true},
		{Name: "account_key", Kind: "secret", Required: true},
		{Name: "channels", Kind: "number", Usual: "4"},
		{Name: "pool", Kind: "number", Usual: "0"},
	}
}

// ErrSettings are settings that cannot be used; its fields name which.
var ErrSettings = fault.New(fault.Unprocessable, "connector-settings", "Something about the connection is not right.")

const (
	maxChannels = 1_000_000
	maxPool     = 50
)

// Ready implements connectors.Service.
func (s *Service) Ready(said connectors.Settings) (connectors.Settings, error) {
	kept, bad := connectors.Settings{}, (*fault.Fault)(nil)
	wrong := func(field, what string) {
		if bad == nil {
			bad = ErrSettings
		}
		bad = bad.At(field, what)
	}
	for _, line := range s.Form() {
		value := strings.TrimSpace(said[line.Name])
		if value == "" {
			value = line.Usual
		}
		switch line.Kind {
		case "url":
			u, err := outward.CheckURL(value, s.Private)
			if err != nil || u.RawQuery != "" {
				wrong(line.Name, "an address that starts with https://, on the public internet")
				continue
			}
			kept[line.Name] = strings.TrimRight(u.String(), "/")
		case "number":
			most := maxChannels
			if line.Name == "pool" {
				most = maxPool
			}
			if n, err := strconv.Atoi(value); err != nil || n < 0 || n > most {
				wrong(line.Name, "a whole number up to "+strconv.Itoa(most))
				continue
			}
			kept[line.Name] = value
		}
	}
	if bad != nil {
		return nil, bad
	}
	return kept, nil
}

// UpdateURL implements connectors.Service.
func (s *Service) UpdateURL(set connectors.Settings) string { return set["base_url"] + "/update" }

func formOf(a connectors.Access, w connectors.Wish) url.Values {
	form := url.Values{"api_key": {a.Secret.Reveal()}, "name": {w.Name}, "public_flag": {strconv.FormatBool(w.Public)}, "tags": {"halfkey"}}
	for i := range 8 {
		name := ""
		if i < len(w.Fields) {
			name = w.Fields[i].Name
		}
		form.Set("field"+strconv.Itoa(i+1), name)
	}
	return form
}

// Package agenttoken makes agents on a platform elsewhere that speaks the agent
// management API, version 3: another Halfkey, or one of the industrial ones. Each
// gets its marker for a name, which no two agents of a tenant share, so that one
// whose making nobody is sure of is found again. The account's secret and what
// agents board with stand in no URL and in no error.
package agenttoken

import (
	"net/http"
	"strings"
	"sync"

	"halfkey/connectors"
	"halfkey/connectors/thingspeak"
	"halfkey/iam/fault"
	"halfkey/iam/outward"
)

// Provider is the name under which connectors know it.
const Provider = "agenttoken"

// Service makes the calls. Make one with New.
type Service struct {
	private bool
	client  *http.Client

	mu     sync.Mutex
	logins map[login]pass
}

var _ connectors.Boarder = (*Service)(nil)

// maxAnswer is the longest answer that is read: a page of agents is far shorter.
const maxAnswer = 4 << 20

// New makes a service that reaches the public internet, and with private this
// machine and its network too.
func New(private bool) *Service {
	client := outward.ClientReading(private, maxAnswer)
	// A redirect would carry the account's token to whom it names.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Transport = connectors.Watched(client.Transport)
	return &Service{private: private, client: client, logins: map[login]pass{}}
}

// Name implements connectors.Service.
func (s *Service) Name() string { return Provider }

// Capabilities implements connectors.Service: an agent goes when its device does,
// and while that is paused nothing changes outside.
func (s *Service) Capabilities() connectors.Capabilities {
	return connectors.Capabilities{Agents: true}
}

// Form implements connectors.Service.
func (s *Service) Form() []connectors.Setting {
	return []connectors.Setting{
		{Name: "base_url", Kind: "url", Required: true},
		{Name: "client_id", Kind: "text", Required: true},
		{Name: "account_key", Kind: "secret", Required: true},
		{Name: "tenant", Kind: "text"},
		{Name: "profile", Kind: "text", Usual: "RSA_3072"},
	}
}

const maxText = 200 // characters of a setting

// Ready implements connectors.Service.
func (s *Service) Ready(said connectors.Settings) (connectors.Settings, error) {
	kept, bad := connectors.Settings{}, (*fault.Fault)(nil)
	wrong := func(field, what string) {
		if bad == nil {
			bad = thingspeak.ErrSettings
		}
		bad = bad.At(field, what)
	}
	for _, line := range s.Form() {
		value := strings.TrimSpace(said[line.Name])
		if value == "" {
			value = line.Usual
		}
		switch line.Name {
		case "base_url":
			u, err := outward.CheckURL(value, s.private)
			if err != nil || u.RawQuery != "" {
				wrong(line.Name, "an address that starts with https://, on the public internet")
				continue
			}
			value = strings.TrimRight(u.String(), "/")
		case "account_key":
			continue // kept apart, sealed
		case "profile":
			if value != "RSA_3072" && value != "SHARED_SECRET" {
				wrong(line.Name, "RSA_3072 or SHARED_SECRET")
				continue
			}
		default:
			if line.Required && value == "" || len(value) > maxText {
				wrong(line.Name, "1 to 200 characters")
				continue
			}
		}
		kept[line.Name] = value
	}
	if bad != nil {
		return nil, bad
	}
	return kept, nil
}

// UpdateURL implements connectors.Service: the agent finds in what it boards with
// where to send.
func (s *Service) UpdateURL(connectors.Settings) string { return "" }

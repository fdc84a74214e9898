package wire

import "encoding/json"

// An Agent is what a device boards with on a platform of agents elsewhere: the
// boarding configuration, as that platform gives it.
type Agent struct {
	Content    AgentContent `json:"content"`
	Expiration string       `json:"expiration"` // of the initial token; ISO 8601
}

// AgentContent is the part that an agent goes by. Any change of it means "register
// again".
type AgentContent struct {
	BaseURL  string   `json:"baseUrl"`
	IAT      string   `json:"iat"`                     // initial access token, good for one registration
	Profile  []string `json:"clientCredentialProfile"` // exactly one
	ClientID string   `json:"clientId"`
	Tenant   string   `json:"tenant"`
}

const maxAgent = 2200 // bytes, so that a sealed answer with it is one that a device looks at

// ParseAgent reads a boarding configuration.
func ParseAgent(doc []byte) (*Agent, error) {
	var a Agent
	if err := json.Unmarshal(doc, &a); err != nil {
		return nil, malformed("agent: not JSON of the expected shape")
	}
	return &a, a.Check()
}

// Marshal writes the configuration without a space and without any escape. Check
// it first.
func (a *Agent) Marshal() []byte { return a.append(make([]byte, 0, 1024)) }

func (a *Agent) append(b []byte) []byte {
	c := &a.Content
	return appendStrings(b, `{"content":{"baseUrl":"`, c.BaseURL, `","iat":"`, c.IAT, `","clientCredentialProfile":["`, c.Profile[0],
		`"],"clientId":"`, c.ClientID, `","tenant":"`, c.Tenant, `"},"expiration":"`, a.Expiration, `"}`)
}

// Check tells whether the configuration is whole and stands in JSON as it is.
func (a *Agent) Check() error {
	c := &a.Content
	if len(c.Profile) != 1 || c.BaseURL == "" || c.IAT == "" || c.ClientID == "" {
		return malformed("agent: a boarding configuration with exactly one profile")
	}
	for _, s := range [...]string{c.BaseURL, c.IAT, c.Profile[0], c.ClientID, c.Tenant, a.Expiration} {
		if !isPlain(s) {
			return malformed("agent: printable ASCII without quotes, backslashes and < > &")
		}
	}
	if len(a.Marshal()) > maxAgent {
		return malformed("agent: at most 2200 bytes")
	}
	return nil
}

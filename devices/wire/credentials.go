package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Credentials are the content of a sealed answer: all that a device needs to
// write its values and to speak for itself from then on.
type Credentials struct {
	Device    Identity `json:"device"`
	Channel   Channel  `json:"channel"`
	MQTT      *MQTT    `json:"mqtt,omitempty"`
	Agent     *Agent   `json:"agent,omitempty"`
	Version   int64    `json:"version"`             // grows with every change
	NextCheck int64    `json:"next_check"`          // seconds from now
	Now       int64    `json:"now"`                 // Unix seconds
	NotAfter  int64    `json:"not_after,omitempty"` // Unix seconds, 0 for no end
}

// An Identity is a boarded device's own name and secret.
type Identity struct {
	Kid    string `json:"kid"`    // 1 to 40 of A–Z a–z 0–9 . _ -
	Secret string `json:"secret"` // 26 of the key alphabet
}

// A Channel is where a device's values go.
type Channel struct {
	Provider  string `json:"provider"`
	ID        string `json:"id"`         // 1 to 64 of A–Z a–z 0–9 _ -
	WriteKey  string `json:"write_key"`  // the same form
	UpdateURL string `json:"update_url"` // absolute
}

// MQTT is how the device connects to the broker, where it has one.
type MQTT struct {
	URL      string `json:"url"`
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// Marshal writes the content without a space between tokens and without any
// escape, since a small reader searches for `"write_key":"` and takes what
// follows up to the next quote. It refuses what cannot be written so.
func (c *Credentials) Marshal() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 512)
	b = appendStrings(b, `{"device":{"kid":"`, c.Device.Kid, `","secret":"`, c.Device.Secret)
	b = appendStrings(b, `"},"channel":{"provider":"`, c.Channel.Provider, `","id":"`, c.Channel.ID,
		`","write_key":"`, c.Channel.WriteKey, `","update_url":"`, c.Channel.UpdateURL)
	if m := c.MQTT; m != nil {
		b = appendStrings(b, `"},"mqtt":{"url":"`, m.URL, `","client_id":"`, m.ClientID,
			`","username":"`, m.Username, `","password":"`, m.Password)
	}
	b = append(b, `"}`...)
	if c.Agent != nil {
		b = c.Agent.append(append(b, `,"agent":`...))
	}
	b = strconv.AppendInt(append(b, `,"version":`...), c.Version, 10)
	b = strconv.AppendInt(append(b, `,"next_check":`...), c.NextCheck, 10)
	b = strconv.AppendInt(append(b, `,"now":`...), c.Now, 10)
	if c.NotAfter != 0 {
		b = strconv.AppendInt(append(b, `,"not_after":`...), c.NotAfter, 10)
	}
	return append(b, '}'), nil
}

func appendStrings(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// ParseCredentials reads an opened answer. Members of a later version are
// ignored.
func ParseCredentials(doc []byte) (*Credentials, error) {
	var c Credentials
	if err := json.Unmarshal(doc, &c); err != nil {
		return nil, malformed("content: not JSON of the expected shape")
	}
	return &c, c.check()
}

func (c *Credentials) check() error {
	switch {
	case !isKid(c.Device.Kid):
		return malformed("device.kid: 1 to 40 letters, digits or . _ -")
	case !isSecret(c.Device.Secret):
		return malformed("device.secret: 26 characters of the key alphabet")
	case !isChannel(c.Channel.ID):
		return malformed("channel.id: 1 to 64 letters, digits or _ -")
	case !isChannel(c.Channel.WriteKey):
		return malformed("channel.write_key: 1 to 64 letters, digits or _ -")
	case !isPlain(c.Channel.Provider), !isPlain(c.Channel.UpdateURL):
		return malformed("channel: printable ASCII without quotes, backslashes and < > &")
	case c.MQTT != nil && !(isPlain(c.MQTT.URL) && isPlain(c.MQTT.ClientID) && isPlain(c.MQTT.Username) && isPlain(c.MQTT.Password)):
		return malformed("mqtt: printable ASCII without quotes, backslashes and < > &")
	case c.Agent != nil:
		return c.Agent.Check()
	}
	return nil
}

func isSecret(s string) bool {
	normal, ok := normalize(s)
	return ok && normal == s && len(s) == secretLength
}

// isPlain reports whether s stands in JSON as it is, whichever library writes it.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			return false
		}
	}
	return true
}

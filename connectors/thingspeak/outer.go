package thingspeak

import (
	"encoding/json"
	"fmt"
	"strings"

	"halfkey/connectors"
	"halfkey/iam/vault"
)

const maxKey = 64 // characters; those that were seen have 16

// outer judges what the service said: a number, and keys that look like keys.
func (c *said) outer() (connectors.Outer, error) {
	id := c.ID.String()
	if id == "" || len(id) > 18 || strings.Trim(id, "0123456789") != "" || c.Last < 0 {
		return connectors.Outer{}, fmt.Errorf("%w: a channel without a number", connectors.ErrUnsure)
	}
	o := connectors.Outer{ID: id, Name: c.Name, Public: c.Public, Marker: marker(c.Metadata), Entries: c.Last}
	o.Fields = []string{c.Field1, c.Field2, c.Field3, c.Field4, c.Field5, c.Field6, c.Field7, c.Field8}
	for len(o.Fields) > 0 && o.Fields[len(o.Fields)-1] == "" {
		o.Fields = o.Fields[:len(o.Fields)-1]
	}
	for _, k := range c.Keys {
		if k.Key == "" || len(k.Key) > maxKey || strings.Trim(k.Key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return connectors.Outer{}, fmt.Errorf("%w: a key that cannot be one", connectors.ErrUnsure)
		}
		// Of several the first of each kind is the current one.
		if to := &o.ReadKey; k.Write {
			if o.WriteKey == "" {
				o.WriteKey = vault.Secret(k.Key)
			}
		} else if *to == "" {
			*to = vault.Secret(k.Key)
		}
	}
	return o, nil
}

// marker is ours in a channel's metadata, if it is there.
func marker(metadata string) string {
	var m struct {
		Op string `json:"halfkey_op"`
	}
	if json.Unmarshal([]byte(metadata), &m) != nil || len(m.Op) > 100 {
		return ""
	}
	return m.Op
}

package agents

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"halfkey/iam/fault"
)

// A Network is how an agent reaches the world: the second file beside the
// boarding configuration.
type Network struct {
	Interfaces []Interface `json:"interfaces"`
	Proxy      *Proxy      `json:"proxy,omitempty"`
}

// An Interface gets its address by itself (DHCP) or has one, with its prefix.
type Interface struct {
	Name    string   `json:"name"`
	DHCP    bool     `json:"dhcp"`
	Address string   `json:"address,omitempty"`
	Gateway string   `json:"gateway,omitempty"`
	DNS     []string `json:"dns,omitempty"`
}

// A Proxy stands between the agent and us.
type Proxy struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	User string `json:"user,omitempty"`
}

// ErrNetwork is a network profile that no device could use.
var ErrNetwork = fault.New(fault.Malformed, "agent-network", "The network profile is not complete.")

const (
	networkMost = 16 << 10 // bytes
	// InterfacesMost is how many a network profile has at most.
	InterfacesMost = 16
)

// parseNetwork takes a network profile as JSON and gives it as it is kept; none
// at all is fine.
func parseNetwork(text string) (string, error) {
	if text = strings.TrimSpace(text); text == "" || text == "null" {
		return "", nil
	}
	var n Network
	if len(text) > networkMost {
		return "", ErrNetwork.At("network", "is longer than 16 KiB")
	}
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return "", ErrNetwork.At("network", "is not JSON of this form")
	}
	if err := n.check(); err != nil {
		return "", err
	}
	kept, err := json.Marshal(n)
	return string(kept), err
}

func (n Network) check() error {
	if len(n.Interfaces) == 0 || len(n.Interfaces) > InterfacesMost {
		return ErrNetwork.At("interfaces", "are 1 to 16")
	}
	for i, f := range n.Interfaces {
		at := "interfaces[" + strconv.Itoa(i) + "]."
		if f.Name == "" || len(f.Name) > 64 {
			return ErrNetwork.At(at+"name", "has 1 to 64 bytes")
		}
		if _, err := netip.ParsePrefix(f.Address); !f.DHCP && err != nil {
			return ErrNetwork.At(at+"address", "is an address with its prefix, like 192.168.0.7/24, or dhcp is true")
		}
		for _, a := range append([]string{f.Gateway}, f.DNS...) {
			if _, err := netip.ParseAddr(a); a != "" && err != nil {
				return ErrNetwork.At(at+"gateway, dns", "are addresses")
			}
		}
	}
	if p := n.Proxy; p != nil && (p.Host == "" || len(p.Host) > 253 || p.Port < 1 || p.Port > 65535) {
		return ErrNetwork.At("proxy", "has a host and a port")
	}
	return nil
}

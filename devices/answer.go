package devices

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"halfkey/connectors"
	"halfkey/devices/seal"
	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/vault"
	"halfkey/orgs"
)

// nextCheck is when a device should look for something new, in seconds.
const nextCheck = 24 * 60 * 60

// A handout is what a boarding gives the device.
type handout struct {
	kid      string
	secret   vault.Secret // empty at the simple door
	provider string
	channel  connectors.Channel
	agent    connectors.Channel // elsewhere, whose key is what the device boards with; zero: none
	version  int64
}

// same is what the last boarding handed out.
func (s *Service) same(ctx context.Context, d known) (handout, error) {
	h, err := s.channelOf(ctx, d)
	if err != nil || d.Device.Door == Simple {
		return h, err
	}
	cell, sealed := secretCell(d.Tenant, d.ID), d.SecretSealed
	if d.WaitingKid != nil {
		h.kid, cell, sealed = *d.WaitingKid, waitingCell(d.Tenant, d.ID), d.WaitingSealed
	}
	secret, err := s.Vault.Open(s.DB.WithContext(ctx), cell, sealed)
	h.secret = vault.Secret(secret)
	return h, err
}

// channelOf is the part of a handout that stays the same from boarding to boarding.
func (s *Service) channelOf(ctx context.Context, d known) (handout, error) {
	channel, err := d.provider.Keys(ctx, s.DB.WithContext(ctx), d.Tenant, d.Channel)
	if err == nil && channel.Pending {
		return handout{}, errProvisioning
	}
	if err == nil && channel.Lost {
		return handout{}, errLost
	}
	if err == nil && channel.WriteKey == "" {
		err = errRaced // the device was removed or replaced since it was looked at
	}
	if err != nil {
		return handout{}, fmt.Errorf("channel of %s: %w", d.ID, err)
	}
	agent, err := s.agentOf(ctx, d)
	return handout{kid: d.Kid, provider: d.provider.Name(), channel: channel, agent: agent, version: d.Version}, err
}

// sealed writes the handout so that only the holder of the second half reads it.
func (s *Service) sealed(c Call, k held, h handout) ([]byte, error) {
	to, err := s.recipient(k)
	if err != nil {
		return nil, err
	}
	channel := wire.Channel{Provider: h.provider, ID: cmp.Or(h.channel.Outside, h.channel.ID), WriteKey: h.channel.WriteKey.Reveal(), UpdateURL: h.channel.UpdateURL}
	if channel.UpdateURL == "" {
		channel.UpdateURL = s.UpdateURL()
	}
	header := seal.Header{Cty: seal.JSON, Kid: k.first, Sub: string(c.Serial), Nonce: string(c.Nonce)}
	var content []byte
	if c.Door == Simple {
		header.Cty = seal.Text
		content, err = channel.MarshalPlain()
	} else {
		content, header.Agent, err = s.document(h, channel)
	}
	if err != nil {
		return nil, err
	}
	return seal.Seal(to, header, content)
}

// document is the content of a sealed answer; large tells that it has an agent.
func (s *Service) document(h handout, channel wire.Channel) (content []byte, large bool, err error) {
	c := wire.Credentials{Device: wire.Identity{Kid: h.kid, Secret: h.secret.Reveal()}, Channel: channel, Version: h.version, NextCheck: nextCheck, Now: s.Now().Unix()}
	if h.agent.WriteKey != "" {
		if c.Agent, err = wire.ParseAgent([]byte(h.agent.WriteKey.Reveal())); err != nil {
			return nil, false, err
		}
	}
	content, err = c.Marshal()
	return content, c.Agent != nil, err
}

// recipients are what classic keys' second halves were stretched to, which
// takes milliseconds each. A key's salt and second half never change.
type recipients struct {
	mu   sync.RWMutex
	kept map[iam.KeyID]seal.Recipient
}

const maxRecipients = 1024

func (s *Service) recipient(k held) (seal.Recipient, error) {
	if k.Form != orgs.Classic {
		return seal.ForKey(k.keys.Seal), nil
	}
	s.recipients.mu.RLock()
	r, ok := s.recipients.kept[k.ID]
	s.recipients.mu.RUnlock()
	if ok {
		return r, nil
	}
	r, err := seal.ForPassword(k.second.Reveal(), k.P2S, k.P2C)
	if err == nil {
		s.recipients.keep(k.ID, r)
	}
	return r, err
}

func (r *recipients) keep(key iam.KeyID, to seal.Recipient) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[iam.KeyID]seal.Recipient{}
	}
	for other := range r.kept {
		if len(r.kept) < maxRecipients {
			break
		}
		delete(r.kept, other)
	}
	r.kept[key] = to
}

func secretCell(tenant iam.OrgID, id iam.DeviceID) vault.Cell {
	return vault.Cell{Tenant: string(tenant), Column: "devices.secret_sealed", Row: string(id)}
}

func waitingCell(tenant iam.OrgID, id iam.DeviceID) vault.Cell {
	return vault.Cell{Tenant: string(tenant), Column: "devices.waiting_sealed", Row: string(id)}
}

// base is a kid without the number of its secret.
func base(kid string) string {
	name, _, _ := strings.Cut(kid, ".")
	return name
}

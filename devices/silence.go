package devices

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/policies"
)

// A Link is one of those between a sensor and its chart, in their order.
type Link string

// The links that a check walks.
const (
	LinkDevice    Link = "device"
	LinkKey       Link = "key"
	LinkPolicy    Link = "policy"
	LinkConnector Link = "connector"
	LinkProvider  Link = "provider"
)

// Links lists them in the order in which they are walked.
var Links = []Link{LinkDevice, LinkKey, LinkPolicy, LinkConnector, LinkProvider}

// A Cause is what a link is broken by.
type Cause string

// The causes that a check finds, by their link.
const (
	CausePaused  Cause = "paused"  // device: somebody paused it
	CauseAsks    Cause = "asks"    // device: it called to join again and waits for its owner
	CauseMute    Cause = "mute"    // device: it calls to register and sends no values
	CauseOldKey  Cause = "old-key" // key: a new one was made and never used, the old one is over
	CauseNoKey   Cause = "no-key"  // key: none works
	CausePlace   Cause = "place"   // policy: the place, or one above it, is stopped
	CauseStopped Cause = "stopped" // connector: somebody paused or removed it
	CauseLost    Cause = "lost"    // provider: the channel was deleted there
	CauseTrouble Cause = "trouble" // provider: the service does not do what it is asked
	CauseUnread  Cause = "unread"  // provider: the service does not show us this channel
	CauseUnheard Cause = "unheard" // nothing here stands in the way: the device does not call
)

// A Diagnosis is the first broken link, if there is one. All that come before it
// hold; for CauseUnheard all of ours do.
type Diagnosis struct {
	Broken    Link
	Cause     Cause
	At        time.Time  // since when, where that is known
	Join      iam.JoinID // of CauseAsks
	Org       iam.OrgID  // of CausePlace: which place; "" for who may not know
	Connector string     // of CauseStopped, CauseTrouble and CauseUnread: its name; "" for who may not know
	Manual    bool       // its key is changed by hand
}

// WhySilent walks from the device to its provider and stops at the first link
// that does not hold. It wants the right to read the device.
func (s *Service) WhySilent(ctx context.Context, id iam.DeviceID) (Diagnosis, error) {
	d, err := s.find(ctx, id, policies.ReadDevice)
	if err != nil {
		return Diagnosis{}, err
	}
	sums, err := s.Channels.Summaries(ctx, []string{d.Channel})
	if err != nil {
		return Diagnosis{}, err
	}
	heard := sums[d.Channel].Heard
	for _, look := range []func(context.Context, Device, time.Time) (Diagnosis, error){s.brokenDevice, s.brokenKey, s.brokenPolicy, s.brokenConnector} {
		if found, err := look(ctx, d, heard); err != nil || found.Cause != "" {
			found.Manual = d.Door == Manual
			return found, err
		}
	}
	return Diagnosis{Broken: LinkDevice, Cause: CauseUnheard, At: heard, Manual: d.Door == Manual}, nil
}

func (s *Service) brokenDevice(ctx context.Context, d Device, heard time.Time) (Diagnosis, error) {
	if d.State == Suspended {
		return Diagnosis{Broken: LinkDevice, Cause: CausePaused}, nil
	}
	var asks Request
	err := s.DB.WithContext(ctx).Raw("SELECT id, asked_at FROM join_requests WHERE device_id = ? AND state = 'waiting' LIMIT 1", d.ID).Scan(&asks).Error
	if err != nil || asks.ID != "" {
		return Diagnosis{Broken: LinkDevice, Cause: CauseAsks, At: iam.Time(asks.AskedAt), Join: asks.ID}, err
	}
	if d.CalledAt != 0 && iam.Time(d.CalledAt).After(heard.Add(time.Minute)) {
		return Diagnosis{Broken: LinkDevice, Cause: CauseMute, At: iam.Time(d.CalledAt)}, nil
	}
	return Diagnosis{}, nil
}

// brokenKey looks at the keys of our own store; another provider's are not ours to see.
func (s *Service) brokenKey(ctx context.Context, d Device, _ time.Time) (Diagnosis, error) {
	provider, err := s.providerOf(ctx, s.DB, d.Connector)
	if err != nil || provider.Name() != s.Channels.Name() {
		return Diagnosis{}, err
	}
	keys, err := s.Channels.WriteKeys(ctx, d.Channel)
	switch {
	case err != nil:
		return Diagnosis{}, err
	case len(keys) == 0:
		return Diagnosis{Broken: LinkKey, Cause: CauseNoKey}, nil
	case len(keys) == 1 && keys[0].Used.IsZero():
		return Diagnosis{Broken: LinkKey, Cause: CauseOldKey, At: keys[0].Created}, nil
	}
	return Diagnosis{}, nil
}

func (s *Service) brokenPolicy(ctx context.Context, d Device, _ time.Time) (Diagnosis, error) {
	st, err := s.Decider.Standing(ctx, d.Org)
	if err != nil || st.Is == iam.InForce {
		return Diagnosis{}, err
	}
	found := Diagnosis{Broken: LinkPolicy, Cause: CausePlace, At: st.Since, Org: st.By}
	if found.Org == "" {
		found.Org = d.Org
	}
	if !s.Decider.May(ctx, policies.ReadOrg, found.Org) {
		found.Org = ""
	}
	return found, nil
}

func (s *Service) brokenConnector(ctx context.Context, d Device, _ time.Time) (Diagnosis, error) {
	var c struct {
		OrgID     iam.OrgID
		Name      string
		State     string
		Trouble   string
		TroubleAt *int64
	}
	err := s.DB.WithContext(ctx).Raw("SELECT org_id, name, state, trouble, trouble_at FROM connectors WHERE id = ?", d.Connector).Take(&c).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Diagnosis{Broken: LinkConnector, Cause: CauseStopped}, nil
	}
	if err != nil {
		return Diagnosis{}, err
	}
	name := c.Name
	if !s.Decider.May(ctx, policies.ReadConnector, c.OrgID) {
		name = ""
	}
	switch {
	case c.State != "active":
		return Diagnosis{Broken: LinkConnector, Cause: CauseStopped, Connector: name}, nil
	case d.State == Lost:
		return Diagnosis{Broken: LinkProvider, Cause: CauseLost, Connector: name}, nil
	case c.Trouble != "":
		return Diagnosis{Broken: LinkProvider, Cause: CauseTrouble, At: iam.TimeOrZero(c.TroubleAt), Connector: name}, nil
	}
	copies, err := s.copies(ctx, []string{d.Channel})
	if mine := copies[d.Channel]; err == nil && mine.Stale {
		return Diagnosis{Broken: LinkProvider, Cause: CauseUnread, At: mine.At, Connector: name}, nil
	}
	return Diagnosis{}, err
}

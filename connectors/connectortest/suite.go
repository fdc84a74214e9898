// Package connectortest is what every provider has to pass.
package connectortest

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/iam"
)

// A House is a provider with somewhere to stand: two organisations of one
// tenant, a connector, and what a device would do with a write key.
type House struct {
	DB       *gorm.DB
	Provider connectors.Provider
	Tenant   iam.OrgID
	Org      iam.OrgID
	Other    iam.OrgID
	By       connectors.ID
	Write    func(key, value string) error

	// Seen are the values of the first field that our pages have of a channel, oldest first.
	Seen func(t *testing.T, id string) []string

	// Settle waits until what was wished for is done, and seen again; nil: it is at once.
	Settle func(t *testing.T)
}

// Run checks the provider that open makes; it is called once for each subtest.
func Run(t *testing.T, open func(t *testing.T) House) {
	for name, check := range map[string]func(*testing.T, House){
		"a channel takes values with its write key":      takesValues,
		"the same wish is granted once":                  grantedOnce,
		"a wish that failed leaves nothing":              failsWhole,
		"the first use of a write key is noticed":        noticesUse,
		"another tenant finds no keys":                   wallsOff,
		"a closed channel takes nothing more":            closes,
		"a key that is held works again when released":   holds,
		"a renamed and moved channel keeps its keys":     keepsKeys,
		"what is not there is said not to be there":      saysUnknown,
		"channels are told apart":                        tellsApart,
		"it says what it is called and what it can do":   introducesItself,
		"a wish of another tenant is not handed out too": keepsWishesApart,
		"what came is shown, in order and once":          showsWhatCame,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func (h House) wish(op string) connectors.Wanted {
	return connectors.Wanted{Op: op, By: h.By, Tenant: h.Tenant, Org: h.Org, Name: "Garage", Fields: connectors.Thermometer.Fields()}
}

// in runs do in a transaction that has to succeed.
func (h House) in(t *testing.T, do func(ctx context.Context, tx *gorm.DB) error) {
	t.Helper()
	ctx := t.Context()
	if err := h.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return do(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func (h House) create(t *testing.T, op string) (c connectors.Channel) {
	t.Helper()
	h.in(t, func(ctx context.Context, tx *gorm.DB) (err error) {
		c, err = h.Provider.Create(ctx, tx, h.wish(op))
		return err
	})
	if c.Pending {
		if c.WriteKey != "" {
			t.Error("a channel that is being made has a key already")
		}
		h.settle(t)
		return h.keys(t, c.ID)
	}
	return c
}

func (h House) settle(t *testing.T) {
	t.Helper()
	if h.Settle != nil {
		h.Settle(t)
	}
}

func (h House) keys(t *testing.T, id string) (c connectors.Channel) {
	t.Helper()
	h.in(t, func(ctx context.Context, tx *gorm.DB) (err error) {
		c, err = h.Provider.Keys(ctx, tx, h.Tenant, id)
		return err
	})
	return c
}

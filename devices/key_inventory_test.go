package devices_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"halfkey/devices"
	"halfkey/devices/devicestest"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/policies"
)

func acting(t *testing.T, who iam.UserID) context.Context {
	return audit.WithActor(t.Context(), audit.Actor{Type: "user", ID: string(who)})
}

func TestTheInventoryNamesOldAndUnusedKeysAndShowsNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		h := devicestest.New(t, db)
		h.Key(t)
		homer := acting(t, h.Homer)
		for _, kind := range devices.KeyKinds {
			if _, err := h.KeyInventory(homer, devices.Inventory{Org: h.Simpsons, Kind: kind}); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if _, err := h.KeyInventory(homer, devices.Inventory{Org: h.Household, Kind: kind, Never: true, Over: true, After: "0"}); err != nil {
				t.Fatalf("%s below: %v", kind, err)
			}
			if _, err := h.KeyInventory(acting(t, h.Marge), devices.Inventory{Org: h.Household, Kind: kind}); !errors.Is(err, policies.ErrRefused) {
				t.Errorf("a member got %v", err)
			}
			if _, err := h.KeyInventory(acting(t, h.Ned), devices.Inventory{Org: h.Household, Kind: kind}); !errors.Is(err, policies.ErrHidden) {
				t.Errorf("a neighbour got %v", err)
			}
		}
		keys, err := h.KeyInventory(homer, devices.Inventory{Org: h.Simpsons, Kind: devices.RegistrationKeys})
		if err != nil || len(keys) == 0 || len(keys[0].Fingerprint) != 12 || keys[0].Term != 365 || keys[0].OrgName == "" {
			t.Fatalf("%+v %v", keys, err)
		}
		h.Clock.Pass(100 * 24 * time.Hour)
		old := func() int {
			t.Helper()
			keys, err := h.KeyInventory(homer, devices.Inventory{Org: h.Simpsons, Kind: devices.RegistrationKeys, Over: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				if !k.Over(h.Clock.Now()) {
					t.Errorf("%+v is not old", k)
				}
			}
			return len(keys)
		}
		if n := old(); n != 0 {
			t.Errorf("%d keys of a hundred days are too old for a year", n)
		}
		if err := h.SetKeyTerm(homer, h.Simpsons, 90); err != nil {
			t.Fatal(err)
		}
		if n := old(); n != len(keys) {
			t.Errorf("%d of %d keys of a hundred days are too old for ninety", n, len(keys))
		}
		if days, err := h.KeyTerm(homer, h.Household); days != 90 || err != nil {
			t.Errorf("below it is %d %v", days, err)
		}
		if err := h.SetKeyTerm(homer, h.Simpsons, 0); !errors.Is(err, devices.ErrTerm) {
			t.Errorf("got %v", err)
		}
		if err := h.SetKeyTerm(acting(t, h.Marge), h.Household, 5); !errors.Is(err, policies.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}

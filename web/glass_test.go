package web_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/web/webtest"
)

// keyOutside waits until a device has a write key at the service outside.
func keyOutside(t *testing.T, s *webtest.Simpsons, serial string) (d iam.DeviceID, key string) {
	t.Helper()
	for range 200 {
		var row struct {
			ID, ChannelID string
			Tenant        iam.OrgID `gorm:"column:tenant_id"`
		}
		if err := s.DB.Raw("SELECT id, channel_id, tenant_id FROM devices WHERE serial = ?", serial).Scan(&row).Error; err != nil {
			t.Fatal(err)
		}
		if row.ChannelID != "" {
			_ = s.DB.Transaction(func(tx *gorm.DB) error {
				c, err := s.Orgs.Connectors.Providers["thingspeak"].Keys(t.Context(), tx, row.Tenant, row.ChannelID)
				key = c.WriteKey.Reveal()
				return err
			})
		}
		if key != "" {
			return iam.DeviceID(row.ID), key
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s has no write key", serial)
	return "", ""
}

func TestWhatBreakGlassPromisesIsWhatAMoveDoes(t *testing.T) {
	s, _, _ := connected(t)
	calls(t, s, "74743827350")
	outside, key := keyOutside(t, s, "74743827350")
	own, ownKey := s.Board(t, s.Plant, "74743827351", "Reactor")
	admin, at := frink(t, s), "/admin/orgs/"+string(s.Tenant)+"/secret"
	for device, says := range map[iam.DeviceID]string{
		outside: "It is kept by a service outside: a move does not change it.",
		own.ID:  "this one works until the device has written with that.",
	} {
		admin.Get(t, at+"?kind=write-key&device="+string(device)).Wants(t, 200).Says(t, says)
	}
	admin.Get(t, at+"?kind=registration-key&key="+string(idOfKey(t, s))).Wants(t, 200).Says(t, "When its place is next moved, another takes its place.")

	move := "/devices/" + string(outside) + "/move"
	asks := func(to iam.OrgID) webtest.Page { return s.Homer.Get(t, move+"?to="+string(to)).Wants(t, 200) }
	asks(s.Tenant).Silent(t, "looked at the write key")
	admin.Post(t, at, "kind", "write-key", "device", string(outside), "reason", "the line to the shop is down").Wants(t, 200).Says(t, key)
	asks(s.Tenant).Says(t, "An administrator of the platform has looked at the write key of", "and it stays: a service outside keeps it.").Silent(t, "gets another")
	s.Homer.Post(t, move, "to", string(s.Tenant)).Wants(t, 303)
	if _, now := keyOutside(t, s, "74743827350"); now != key {
		t.Error("the key outside changed")
	}
	if err := s.DB.Exec("UPDATE projections SET key_changed_at = ?", iam.Micros(time.Now().Add(time.Hour))).Error; err != nil { // somebody changed it there
		t.Fatal(err)
	}
	asks(s.Household).Silent(t, "looked at the write key")

	admin.Post(t, at, "kind", "write-key", "device", string(own.ID), "reason", "the line to the shop is down").Wants(t, 200).Says(t, ownKey)
	s.Homer.Get(t, "/devices/"+string(own.ID)+"/move?to="+string(s.Household)).Wants(t, 200).Says(t, "the old one works until it has written with the new one")
}

// idOfKey is the household's registration key.
func idOfKey(t *testing.T, s *webtest.Simpsons) iam.KeyID {
	t.Helper()
	k, err := s.Orgs.EnsureKey(s.AsHomer(t), s.Household)
	if err != nil {
		t.Fatal(err)
	}
	return k.ID
}

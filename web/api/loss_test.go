package api

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"halfkey/devices"
	. "halfkey/devices/devicestest"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
	"halfkey/orgs"
	"halfkey/policies"
)

// works tells whether a key of a channel opens anything, asleep or not.
func (d *door) works(t *testing.T, key string) bool {
	t.Helper()
	var n int
	if err := d.DB.Raw("SELECT COUNT(*) FROM channel_keys WHERE digest = ? AND revoked_at IS NULL", d.Vault.MAC("channel-key", []byte(key))).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// cellar boards a thermometer in Household and gives its id.
func (d *door) cellar(t *testing.T) iam.DeviceID {
	t.Helper()
	d.board(t, d.Key(t, In(d.Household)), serialNo, 201)
	list, err := d.List(As(t, d.Homer), devicesFilter(""))
	if err != nil || len(list) != 1 {
		t.Fatal(len(list), err)
	}
	if err := d.Rename(As(t, d.Homer), list[0].ID, "Cellar"); err != nil {
		t.Fatal(err)
	}
	return list[0].ID
}

func (d *door) holds(t *testing.T, who iam.UserID, role policies.Role) iam.AssignmentID {
	t.Helper()
	all, err := d.Decider.Of(As(t, who), who)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.Role == role {
			return a.ID
		}
	}
	t.Fatalf("nobody is %s", role)
	return ""
}

func (d *door) key(t *testing.T, who iam.UserID, id iam.DeviceID) string {
	t.Helper()
	key, err := d.RevealReadKey(As(t, who), id)
	if err != nil {
		t.Fatal(err)
	}
	return key.Reveal()
}

func TestAPreviewSaysWhatTheDeedThenDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer, marge := As(t, d.Homer), As(t, d.Marge)
		id := d.cellar(t)
		key := d.key(t, d.Marge, id)
		version, err := d.Decider.Version(homer)
		if err != nil {
			t.Fatal(err)
		}
		var p orgs.Preview
		if err := d.Move(orgs.Rehearse(homer, &p), id, d.Plant, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if len(p.Changes) != 1 || p.Changes[0].Person != "marge" || p.Changes[0].Gains || p.Changes[0].Count != 1 || p.Changes[0].Devices[0].Name != "Cellar" {
			t.Fatalf("%+v", p.Changes)
		}
		if len(p.Keys) != 1 || p.Keys[0].What != orgs.Ends || p.Keys[0].Person != "marge" || p.Keys[0].Name != "Cellar" {
			t.Fatalf("%+v", p.Keys)
		}
		if now, _ := d.Decider.Version(homer); now != version || !d.works(t, key) || d.Lines(t, "device.move") != 0 || d.Lines(t, "read-key.end") != 0 {
			t.Fatal("a rehearsal left something")
		}
		if v, err := d.Get(marge, id); err != nil || v.Org != d.Household {
			t.Fatalf("%v %v", v.Org, err)
		}
		if err := d.Move(homer, id, d.Plant, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if d.works(t, key) || d.Lines(t, "read-key.end") != 1 {
			t.Error("Marge's key outlived her right to it")
		}
		if err := d.Move(homer, id, d.Household, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if d.works(t, key) {
			t.Error("what ended came back")
		}
		t.Run("nobody learns of people whom he may not know", func(t *testing.T) {
			bart := d.newcomer(t, "bart", d.Household, policies.Manager)
			lisa := d.newcomer(t, "lisa", d.Simpsons, policies.Viewer)
			var p orgs.Preview
			yes := true
			if _, err := d.Orgs.Settle(orgs.Rehearse(As(t, bart), &p), d.Household, orgs.Settings{Private: &yes}, orgs.With{}); err != nil {
				t.Fatal(err)
			}
			if len(p.Changes) != 0 || p.Lose != 1 {
				t.Errorf("%+v", p)
			}
			if _, err := d.Orgs.Settle(orgs.Rehearse(homer, &p), d.Household, orgs.Settings{Private: &yes}, orgs.With{}); err != nil {
				t.Fatal(err)
			}
			if len(p.Changes) != 1 || p.Changes[0].User != lisa || p.Lose != 0 {
				t.Errorf("%+v", p)
			}
		})
		t.Run("who may not do it is told so, and nothing else", func(t *testing.T) {
			var p orgs.Preview
			if err := d.Move(orgs.Rehearse(marge, &p), id, d.Plant, orgs.With{}); !errors.Is(err, policies.ErrRefused) || len(p.Lines()) != 1 {
				t.Errorf("%v %+v", err, p)
			}
		})
	})
}

// newcomer gives somebody a role that Homer answers for.
func (d *door) newcomer(t *testing.T, name string, org iam.OrgID, role policies.Role) iam.UserID {
	t.Helper()
	users := &iam.Users{DB: d.DB, Now: d.Now}
	tx := d.DB.Begin()
	id, err := users.Create(tx, iam.NewUser{Email: iam.Email(name + "@simps.net"), Name: name, Home: org})
	if err == nil {
		_, err = d.Decider.Grant(context.Background(), tx, policies.Grant{Subject: id, Role: role, Org: org, Source: policies.Direct, By: d.Homer})
	}
	if err := errors.Join(err, tx.Commit().Error); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestReadKeysEndWithTheRightToThem(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, d *door, id iam.DeviceID) error{
		"the role is ended": func(t *testing.T, d *door, _ iam.DeviceID) error {
			return d.Orgs.EndRole(As(t, d.Homer), d.holds(t, d.Marge, policies.Member), orgs.With{})
		},
		"she leaves": func(t *testing.T, d *door, _ iam.DeviceID) error {
			return d.Orgs.Leave(As(t, d.Marge), d.Household, orgs.With{})
		},
		"the role expires": func(t *testing.T, d *door, _ iam.DeviceID) error {
			if err := d.Orgs.SetRoleEnd(As(t, d.Homer), d.holds(t, d.Marge, policies.Member), d.Now().Add(time.Hour), orgs.With{}); err != nil {
				return err
			}
			d.Clock.Pass(time.Hour)
			return d.Orgs.Expire(context.Background())
		},
		"members get less": func(t *testing.T, d *door, _ iam.DeviceID) error {
			viewer := "viewer"
			_, err := d.Orgs.Settle(As(t, d.Homer), d.Household, orgs.Settings{MemberRole: &viewer}, orgs.With{})
			return err
		},
		"the place is closed": func(t *testing.T, d *door, _ iam.DeviceID) error {
			return d.Orgs.Close(As(t, d.Homer), d.Household, orgs.With{})
		},
		"the device is removed": func(t *testing.T, d *door, id iam.DeviceID) error { return d.Retire(As(t, d.Homer), id, serialNo) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
				d := open(t, db, io.Discard)
				id := d.cellar(t)
				hers, his := d.key(t, d.Marge, id), d.key(t, d.Homer, id)
				if err := lose(t, d, id); err != nil {
					t.Fatal(err)
				}
				if d.works(t, hers) {
					t.Error("her key outlived her right to it")
				}
				if stays := name != "the place is closed" && name != "the device is removed"; d.works(t, his) != stays {
					t.Error("Homer's key did not stay as it was")
				}
			})
		})
	}
	t.Run("a place that rests lets keys rest", func(t *testing.T) {
		d := open(t, dbtest.SQLite(t), io.Discard)
		id := d.cellar(t)
		hers := d.key(t, d.Marge, id)
		if err := d.Orgs.Suspend(As(t, d.Homer), d.Household, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if !d.works(t, hers) || d.MayHaveReadKey(t.Context(), d.Marge, d.Household, "1") {
			t.Error("it ended, or it is awake")
		}
		if err := d.Orgs.EndRole(As(t, d.Marge), d.holds(t, d.Marge, policies.Member), orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if err := d.Orgs.Resume(As(t, d.Homer), d.Household, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if d.works(t, hers) {
			t.Error("her right ended while the place rested, and her key woke up with it")
		}
	})
}

func TestASharedDeviceIsFoundWhereverDevicesAre(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		d.Orgs.Users = &iam.Users{DB: d.DB, Now: d.Now}
		homer, ned := As(t, d.Homer), As(t, d.Ned)
		id := d.cellar(t)
		d.board(t, d.Key(t, In(d.Household)), "9999", 201)
		shared, err := d.Orgs.Share(homer, orgs.ShareRequest{Device: id, To: "ned@simps.net", Role: "member", Until: d.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Orgs.AcceptAs(ned, shared.Token.Reveal()); err != nil {
			t.Fatal(err)
		}
		_, with, err := d.Orgs.Shares(ned)
		if err != nil || len(with) != 1 {
			t.Fatalf("%+v %v", with, err)
		}
		list, err := d.List(ned, devicesFilter(""))
		if err != nil || len(list) != 1 || list[0].ID != id || !list[0].Values {
			t.Fatalf("%+v %v", list, err)
		}
		channel := list[0].Channel
		if n, _ := d.Count(ned, devicesFilter("")); n != 1 {
			t.Errorf("counted %d", n)
		}
		if list, _ := d.List(ned, devicesFilter("99")); len(list) != 0 {
			t.Error("a search finds what was not shared")
		}
		if names, _ := d.Names(ned, []iam.DeviceID{id}); names[id] != "Cellar" {
			t.Errorf("%v", names)
		}
		if _, err := d.ByChannel(ned, channel); err != nil {
			t.Errorf("by its channel: %v", err)
		}
		if _, err := d.History(ned, id, 0); !errors.Is(err, policies.ErrRefused) {
			t.Errorf("its history is not shared: %v", err)
		}
		if err := d.Suspend(ned, id); !errors.Is(err, policies.ErrRefused) {
			t.Errorf("he suspends it: %v", err)
		}
		key := d.key(t, d.Ned, id)
		if !d.MayHaveReadKey(t.Context(), d.Ned, d.Household, channel) {
			t.Error("his read key sleeps")
		}
		if err := d.Move(homer, id, d.Plant, orgs.With{}); err != nil { // the share goes with the device
			t.Fatal(err)
		}
		if !d.works(t, key) {
			t.Error("the device moved, and its guest lost it")
		}
		if err := d.Orgs.EndShare(homer, with[0].ID, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Get(ned, id); !errors.Is(err, devices.ErrUnknown) || d.works(t, key) {
			t.Errorf("the share is over: %v", err)
		}
	})
}

func TestWhoKnowsOfADeviceIsNotToldItsValues(t *testing.T) {
	d := open(t, dbtest.SQLite(t), io.Discard)
	id := d.cellar(t)
	auditor := As(t, d.newcomer(t, "smithers", d.Simpsons, policies.Viewer))
	who, _ := policies.Asking(auditor)
	if err := d.DB.Exec("UPDATE assignments SET role = 'auditor' WHERE subject_id = ?", string(who)).Error; err != nil {
		t.Fatal(err)
	}
	if err := d.DB.Exec("UPDATE authz_version SET version = version + 1").Error; err != nil {
		t.Fatal(err)
	}
	v, err := d.Get(auditor, id)
	if err != nil || v.Values || v.Name != "Cellar" || v.Summary.FieldName != "" || len(v.Summary.Spark) != 0 {
		t.Fatalf("%+v %v", v, err)
	}
	if _, err := d.ByChannel(auditor, v.Channel); !errors.Is(err, devices.ErrUnknown) {
		t.Errorf("the channel is open to an auditor: %v", err)
	}
	if _, err := d.RevealReadKey(auditor, id); !errors.Is(err, policies.ErrRefused) {
		t.Errorf("so is its key: %v", err)
	}
	if _, err := d.History(auditor, id, 0); err != nil {
		t.Errorf("its history is what he is there for: %v", err)
	}
}

func TestAKeyThatSomebodySawIsChangedWhereThatIsAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db, io.Discard)
		homer := As(t, d.Homer)
		key := d.Key(t, In(d.Household))
		bart := d.newcomer(t, "bart", d.Household, policies.Manager)
		if _, _, err := d.Orgs.RevealKey(As(t, bart), key.ID); err != nil {
			t.Fatal(err)
		}
		role := d.holds(t, bart, policies.Manager)
		var p orgs.Preview
		if err := d.Orgs.EndRole(orgs.Rehearse(homer, &p), role, orgs.With{}); err != nil {
			t.Fatal(err)
		}
		if said := ids(p); !said["preview.key.registration-key.exposed"] {
			t.Errorf("nobody is warned: %v", said)
		}
		if err := d.Orgs.EndRole(homer, role, orgs.With{Rotate: true}); err != nil {
			t.Fatal(err)
		}
		keys, err := d.Orgs.Keys(homer, d.Household)
		if err != nil || len(keys) != 2 || keys[0].Replaces != key.ID || keys[1].State != orgs.KeyRetiring {
			t.Fatalf("%+v %v", keys, err)
		}
		if n := d.Lines(t, "key.replace"); n != 1 {
			t.Errorf("%d lines in the trail", n)
		}
	})
}

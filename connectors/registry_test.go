package connectors_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func TestTheNearestConnectorServes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		for _, row := range []string{
			`INSERT INTO orgs (id, tenant_id, kind, slug, name, state, created_at) VALUES ('top', 'top', 'tenant', 'top', 'Top', 'active', 0), ('below', 'top', 'unit', 'below', 'Below', 'active', 0)`,
			`INSERT INTO org_closure (ancestor, descendant, depth) VALUES ('top', 'top', 0), ('below', 'below', 0), ('top', 'below', 1)`,
		} {
			if err := db.Gorm.Exec(row).Error; err != nil {
				t.Fatal(err)
			}
		}
		store := &channels.Store{}
		r := &connectors.Registry{Providers: map[string]connectors.Provider{store.Name(): store}, Now: time.Now}
		ctx := context.Background()
		if _, _, err := r.For(ctx, db.Gorm, "below"); !errors.Is(err, connectors.ErrConnector) {
			t.Errorf("without any connector: %v", err)
		}
		add := func(org iam.OrgID) (id connectors.ID) {
			if err := db.Gorm.Transaction(func(tx *gorm.DB) (err error) {
				id, err = r.Add(ctx, tx, "top", org, store.Name(), "Our own store")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return id
		}
		wants := func(org iam.OrgID, want connectors.ID) {
			t.Helper()
			c, p, err := r.For(ctx, db.Gorm, org)
			if err != nil || c.ID != want || p != connectors.Provider(store) {
				t.Errorf("%s is served by %q (%v), want %q", org, c.ID, err, want)
			}
		}
		top := add("top")
		wants("below", top)
		near := add("below")
		wants("below", near)
		wants("top", top)
		if c, _, err := r.Get(ctx, db.Gorm, top); err != nil || c.Org != "top" {
			t.Errorf("got %+v, %v", c, err)
		}
		if _, err := r.Add(ctx, db.Gorm, "top", "top", "nobody", ""); err == nil {
			t.Error("a provider that is not there was put to work")
		}
	})
}

func TestADeviceGetsTheFieldsOfItsKind(t *testing.T) {
	for _, c := range []struct {
		model, preset string
		kind          connectors.Kind
		field         connectors.Field
	}{
		{"", "", connectors.Thermometer, connectors.Field{Name: "Temperature", Unit: "°C"}},
		{"Hygro-2000", "", connectors.Humidity, connectors.Field{Name: "Humidity", Unit: "%"}},
		{"Hygro-2000", "thermometer", connectors.Thermometer, connectors.Field{Name: "Temperature", Unit: "°C"}},
		{"something", "other", connectors.Other, connectors.Field{Name: "Value"}},
		{"edge-gateway", "nonsense", connectors.Gateway, connectors.Field{Name: "Devices online"}},
	} {
		if k := connectors.KindOf(c.model, c.preset); k != c.kind || k.Fields()[0] != c.field {
			t.Errorf("model %q with preset %q is a %s with %v", c.model, c.preset, k, k.Fields())
		}
	}
}

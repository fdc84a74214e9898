package agents

import (
	"encoding/base64"
	"testing"

	"halfkey/iam"
)

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestAPlaceIsFoundByItsAsset(t *testing.T) {
	for range 200 {
		org := iam.OrgID(iam.NewID())
		asset := AssetOf(org)
		if _, err := ParseID(string(asset)); err != nil {
			t.Fatalf("%s: %v", asset, err)
		}
		if back, ok := orgOf(asset); !ok || back != org {
			t.Fatalf("%s becomes %s and then %s", org, asset, back)
		}
	}
	if _, ok := orgOf(newID()); ok {
		t.Error("any id is a place")
	}
}

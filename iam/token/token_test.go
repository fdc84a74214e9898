package token

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

type claims struct {
	Sub string `json:"sub"`
}

func newKeys(t testing.TB, db *migrations.DB, now *time.Time) *Keys {
	t.Helper()
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Attach(db.Gorm, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")}); err != nil {
		t.Fatal(err)
	}
	return &Keys{DB: db.Gorm, Vault: v, Now: func() time.Time { return *now }}
}

func TestAKeyThatWasRotatedChecksForAWhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		now := time.Now()
		keys := newKeys(t, db, &now)
		for _, alg := range []Alg{ES256, RS256} {
			old, err := keys.Sign(t.Context(), "", claims{"homer"})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Gorm.Transaction(func(tx *gorm.DB) error { return keys.Rotate(t.Context(), tx, "", alg) }); err != nil {
				t.Fatal(err)
			}
			elsewhere := &Keys{DB: keys.DB, Vault: keys.Vault, Now: keys.Now} // another replica
			fresh, err := elsewhere.Sign(t.Context(), "", claims{"marge"})
			if err != nil {
				t.Fatal(err)
			}
			for raw, want := range map[string]string{old: "homer", fresh: "marge"} {
				for _, at := range []*Keys{keys, elsewhere} {
					var c claims
					if _, err := at.Verify(t.Context(), raw, &c); err != nil || c.Sub != want {
						t.Errorf("%+v %v", c, err)
					}
				}
			}
			now = now.Add(Overlap + time.Second)
			late := &Keys{DB: keys.DB, Vault: keys.Vault, Now: keys.Now}
			if _, err := late.Verify(t.Context(), old, &claims{}); !errors.Is(err, ErrForged) {
				t.Errorf("a key that is over still checks: %v", err)
			}
		}
	})
}

func TestAnOldKeyIsChangedByItself(t *testing.T) {
	now := time.Now()
	keys := newKeys(t, dbtest.SQLite(t), &now)
	first, err := keys.Of(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{89, 91} {
		now = first[0].Created.Add(time.Duration(days) * 24 * time.Hour)
		if err := keys.RotateOld(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int
		if keys.DB.Raw("SELECT COUNT(*) FROM signing_keys WHERE kid = ? AND retired_at IS NOT NULL", first[0].ID).Scan(&n); (n == 1) != (days > 90) {
			t.Errorf("after %d days %d keys are retired", days, n)
		}
	}
}

func forgeries(raw string) map[string]string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	_, rest, _ := strings.Cut(raw, ".")
	body, sig, _ := strings.Cut(rest, ".")
	head, _ := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	return map[string]string{
		"nothing": "", "two parts": "a.b", "four parts": raw + ".a", "too long": raw + strings.Repeat("A", Longest),
		"alg none":     part(strings.Replace(string(head), "ES256", "none", 1)) + "." + body + ".",
		"another alg":  part(strings.Replace(string(head), "ES256", "HS256", 1)) + "." + body + "." + sig,
		"crit":         part(strings.Replace(string(head), "{", `{"crit":["exp"],`, 1)) + "." + body + "." + sig,
		"no kid":       part(`{"alg":"ES256"}`) + "." + body + "." + sig,
		"another body": strings.Split(raw, ".")[0] + "." + part(`{"sub":"burns"}`) + "." + sig,
		"no signature": strings.TrimSuffix(raw, sig),
		"half of it":   raw[:len(raw)-43],
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	now := time.Now()
	keys := newKeys(t, dbtest.SQLite(t), &now)
	raw, err := keys.Sign(t.Context(), "", claims{"homer"})
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range forgeries(raw) {
		if _, err := keys.Verify(t.Context(), forged, &claims{}); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	now := time.Now()
	keys := newKeys(f, dbtest.SQLite(f), &now)
	raw, err := keys.Sign(f.Context(), "", claims{"homer"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	for _, forged := range forgeries(raw) {
		f.Add(forged)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c claims
		if _, err := keys.Verify(t.Context(), text, &c); err == nil && c.Sub != "homer" {
			t.Fatalf("%q is taken for %+v", text, c)
		}
	})
}

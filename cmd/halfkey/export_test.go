package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halfkey/iam"
	"halfkey/iam/audit"
)

func TestAnExportIsCheckedFarFromTheHouse(t *testing.T) {
	settings := []string{"DATA=" + t.TempDir()}
	found(t, settings)
	h := open(t, settings)
	dir := t.TempDir()
	file, signature, key := filepath.Join(dir, "trail.csv"), filepath.Join(dir, "trail.csv.jws"), filepath.Join(dir, "key.json")
	var tenant string
	if err := h.db.Gorm.Raw("SELECT MAX(tenant_id) FROM audit").Scan(&tenant).Error; err != nil {
		t.Fatal(err)
	}
	e, err := h.trail.Export(t.Context(), iam.NewID(), tenant, audit.Filter{Tenant: tenant}, audit.CSV)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.trail.Download(t.Context(), e, out); err != nil {
		t.Fatal(err)
	}
	out.Close()
	public, err := h.trail.ExportKey()
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(public.JWK())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{signature: e.Signature + "\n", key: string(jwk)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.close()
	if said, err := halfkey(t, settings, "audit", "verify-export", file, signature); err != nil || !strings.Contains(said, "still has the line") {
		t.Fatalf("%v\n%s", err, said)
	}
	elsewhere := []string{"DATA=" + filepath.Join(dir, "nothing-here")}
	if said, err := halfkey(t, elsewhere, "audit", "verify-export", "--key", key, file, signature); err != nil || !strings.Contains(said, "as it was signed") {
		t.Fatalf("%v\n%s", err, said)
	}
	if err := os.WriteFile(file, []byte("seq,at\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := halfkey(t, elsewhere, "audit", "verify-export", "--key", key, file, signature); err == nil || !strings.Contains(said, "does not belong") {
		t.Errorf("a changed file passes: %v\n%s", err, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "nothing-here")); err == nil {
		t.Error("a check with the public key made a house")
	}
}

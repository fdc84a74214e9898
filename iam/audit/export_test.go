package audit

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func (s *scene) file(t *testing.T, e Export) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Download(t.Context(), e, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sha(file []byte) string { return fmt.Sprintf("%x", sha256.Sum256(file)) }

func TestAnExportIsSignedAndStaysTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		s.five(t)
		s.write(t, Entry{TenantID: "simpsons", ActorType: "user", Verb: "org.rename", ActorName: `=cmd|"/c calc"`, Detail: `{"to":"a,\"b\"\nc"}`})
		key, err := s.ExportKey()
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []Format{CSV, NDJSON} {
			e, err := s.Export(t.Context(), "exp_"+string(format), "org_1", Filter{Tenant: "simpsons"}, format)
			if err != nil || e.State != Ready {
				t.Fatalf("%+v %v", e, err)
			}
			file := s.file(t, e)
			s.record(t, t.Context(), "simpsons", "later")
			if again := s.file(t, e); !bytes.Equal(file, again) || e.Bytes != int64(len(file)) {
				t.Fatalf("%s became %s", file, again)
			}
			signed, err := CheckSignature(key, sha(file), e.Signature)
			if err != nil || signed.Lines != e.Lines || signed.UpTo != e.LastSeq || signed.Tenant != "simpsons" || signed.Head == "" {
				t.Fatalf("%+v %v", signed, err)
			}
			if there, err := s.StillThere(signed); err != nil || !there {
				t.Fatalf("%v %v", there, err)
			}
			if _, err := CheckSignature(key, sha(append(file, ' ')), e.Signature); !errors.Is(err, ErrSignature) {
				t.Error("a changed file passes")
			}
			forged := "e30" + e.Signature[strings.Index(e.Signature, ".."):]
			if _, err := CheckSignature(key, sha(file), forged); !errors.Is(err, ErrSignature) {
				t.Error("another header passes")
			}
		}
		rows, err := csv.NewReader(bytes.NewReader(s.file(t, s.found(t, "exp_csv")))).ReadAll()
		if err != nil || len(rows) != 7 || rows[6][4] != `'=cmd|"/c calc"` {
			t.Fatalf("%v %q", err, rows)
		}
		for line := range bytes.Lines(s.file(t, s.found(t, "exp_ndjson"))) {
			var told struct{ Tenant, Verb, At string }
			if err := json.Unmarshal(line, &told); err != nil || told.Verb == "" || told.At == "" {
				t.Fatalf("%s %v", line, err)
			}
		}
		s.exec(t, "UPDATE audit SET mac = seal FROM (SELECT seal FROM audit_heads WHERE tenant_id = 'simpsons') AS other WHERE tenant_id = 'simpsons' AND seq = 6")
		signed, err := CheckSignature(key, sha(s.file(t, s.found(t, "exp_csv"))), s.found(t, "exp_csv").Signature)
		if there, also := s.StillThere(signed); err != nil || also != nil || there {
			t.Errorf("the chain was written anew, and nobody notices: %v %v", err, also)
		}
	})
}

func (s *scene) found(t *testing.T, id string) Export {
	t.Helper()
	e, err := s.FindExport(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestALargeExportIsMadeByAJobAndEnds(t *testing.T) {
	s := stage(t, dbtest.SQLite(t))
	s.five(t)
	// The row that a request leaves behind when the chain is long.
	e := Export{ID: "exp_1", TenantID: "simpsons", Format: NDJSON, Filter: `{"tenant":"simpsons"}`, State: Working, LastSeq: 5, ExpiresAt: s.now.Add(exportLife).UnixMicro()}
	if err := s.db.Create(&e).Error; err != nil {
		t.Fatal(err)
	}
	if err := s.Download(t.Context(), e, new(bytes.Buffer)); !errors.Is(err, ErrNoExport) {
		t.Fatalf("got %v before it was ready", err)
	}
	w := &Exporter{Trail: s.Trail}
	job := &river.Job[ExportJob]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 3}, Args: ExportJob{ID: "exp_1"}}
	if err := w.Work(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if e = s.found(t, "exp_1"); e.State != Ready || e.Lines != 5 || e.Percent() != 100 {
		t.Fatalf("%+v", e)
	}
	s.now = s.now.Add(exportLife)
	if _, err := s.FindExport(t.Context(), "exp_1"); !errors.Is(err, ErrNoExport) {
		t.Fatalf("got %v after its time", err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Work(t.Context(), job); err != nil {
		t.Fatal(err)
	}
}

func TestACheckIsRemembered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		s := stage(t, db)
		s.five(t)
		if c, err := s.Check(t.Context(), "simpsons", "org_1"); err != nil || c.State != Ready || c.Lines != 6 {
			t.Fatalf("%+v %v", c, err)
		}
		s.exec(t, "UPDATE audit SET actor_name = 'Bart' WHERE tenant_id = 'simpsons' AND seq = 3")
		if c, err := s.Check(t.Context(), "simpsons", "org_1"); err != nil || c.State != Broken || c.BadSeq != 3 || c.LastSeq != 7 || c.What == "" {
			t.Fatalf("%+v %v", c, err)
		}
		if err := (&Checker{Trail: s.Trail}).Work(t.Context(), &river.Job[CheckJob]{Args: CheckJob{Tenant: "flanders"}}); err != nil {
			t.Fatal(err)
		}
		if _, known, err := s.LastCheck(t.Context(), "nobody"); known || err != nil {
			t.Fatalf("%v %v", known, err)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	s := stage(f, dbtest.SQLite(f))
	key, err := s.ExportKey()
	if err != nil {
		f.Fatal(err)
	}
	jwk, _ := json.Marshal(key.JWK())
	der, _ := x509.MarshalPKIXPublicKey(key.PublicKey)
	for _, seed := range [][]byte{jwk, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})} {
		if k, err := ParsePublicKey(seed); err != nil || !k.Equal(key.PublicKey) {
			f.Fatalf("%s: %v", seed, err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"","y":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, err := ParsePublicKey(text); err == nil && k.ID() == "" {
			t.Fatalf("%q has no name", text)
		}
	})
}

func FuzzCheckSignature(f *testing.F) {
	s := stage(f, dbtest.SQLite(f))
	key, err := s.ExportKey()
	if err != nil {
		f.Fatal(err)
	}
	good, err := s.sign(Signed{Tenant: "simpsons"}, sha(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("..")
	f.Add("e30..AA")
	f.Fuzz(func(t *testing.T, signature string) {
		if _, err := CheckSignature(key, sha(nil), signature); err == nil && strings.TrimSpace(signature) != good {
			// ES256 has a second signature for each, s and n-s; the header is what counts.
			if strings.SplitN(signature, ".", 2)[0] != strings.SplitN(good, ".", 2)[0] {
				t.Fatalf("%q passes", signature)
			}
		}
	})
}

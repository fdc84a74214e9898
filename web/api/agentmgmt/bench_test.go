package agentmgmt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"halfkey/devices/agents"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// crowded puts so many more agents beside o, which share its key. With
// HALFKEY_TEST_AGENTS they are that many.
func crowded(b *testing.B, o *onboarded) {
	n, _ := strconv.Atoi(os.Getenv("HALFKEY_TEST_AGENTS"))
	if n == 0 {
		n = 1000
	}
	const more = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) `
	const id = `printf('%032x', i)`
	for _, st := range []string{
		more + `INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, key_id, kid, secret_sealed, connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
SELECT printf('0%019x', i), d.tenant_id, d.org_id, ` + id + `, 'agent ' || i, d.kind, '', '', 'active', 'agent', NULL, 'agent:' || ` + id + `, d.secret_sealed, d.connector_id, d.channel_id, 1, '', 0, 1, 1, 1, 1
FROM n, devices d WHERE d.serial = ?`,
		more + `INSERT INTO agents (id, device_id, tenant_id, ten, profile, network, epoch, onboarded_at, generation, rat_mac, public_key, expires_at, proved_at, old_generation)
SELECT ` + id + `, printf('0%019x', i), a.tenant_id, a.ten, a.profile, '', 1, 1, 1, a.rat_mac, a.public_key, a.expires_at, 1, 0 FROM n, agents a WHERE a.id = ?`,
	} {
		if err := o.d.DB.Exec(st, n, o.id).Error; err != nil {
			b.Fatal(err)
		}
	}
}

// measured sends b.N requests from many at once, and tells what one costs.
func measured(b *testing.B, d *door, request func(i int) (method, target, bearer, contentType, body string), status int) {
	b.ReportAllocs()
	b.SetParallelism(32)
	var next atomic.Int64
	b.ResetTimer()
	t0 := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			method, target, bearer, contentType, body := request(int(next.Add(1)) - 1)
			r := httptest.NewRequest(method, target, strings.NewReader(body))
			r.RemoteAddr = d.from
			r.Header.Set("Content-Type", contentType)
			if bearer != "" {
				r.Header.Set("Authorization", "Bearer "+bearer)
			}
			w := httptest.NewRecorder()
			if d.echo.ServeHTTP(w, r); w.Code != status {
				b.Errorf("%d %s", w.Code, w.Body)
				return
			}
		}
	})
	b.ReportMetric(float64((cpu()-t0).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// benched is a house on SQLite without limits, with one agent that is aboard.
func benched(b *testing.B, profile agents.Profile) *onboarded {
	d := openBench(b, dbtest.SQLite(b))
	o := d.made("press", profile)
	o.likeC = true // RS256, as the floor has it
	o.board()
	crowded(b, o)
	return o
}

func openBench(b *testing.B, db *migrations.DB) *door {
	d := open(b, db)
	d.Agents.Bounds = agents.Bounds{Tokens: 1 << 30, Renewals: 1 << 30, Calls: 1 << 30}
	return d
}

func BenchmarkToken(b *testing.B) {
	b.Run("bare crypto", func(b *testing.B) { // an RSA-3072 signature in, an ES256 signature out
		key := keyPairs[0]()
		digest := sha256.Sum256([]byte("an assertion"))
		sig, _ := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		signer, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		b.ReportAllocs()
		t0 := cpu()
		for b.Loop() {
			if rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], sig) != nil {
				b.Fatal("wrong")
			}
			ecdsa.SignASN1(rand.Reader, signer, digest[:])
		}
		b.ReportMetric(float64((cpu()-t0).Nanoseconds())/float64(b.N), "cpu-ns/op")
	})
	tokens := func(b *testing.B, profile agents.Profile, junk func(string) string, status int) {
		o := benched(b, profile)
		forms := make([]string, b.N)
		for i := range forms {
			a := o.assertion(o.claims())
			if junk != nil {
				a = junk(a)
			}
			forms[i] = url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {a}}.Encode()
		}
		measured(b, o.d, func(i int) (string, string, string, string, string) {
			return "POST", management + "/oauth/token", "", formType, forms[i]
		}, status)
	}
	b.Run("RSA", func(b *testing.B) { tokens(b, agents.RSA3072, nil, 200) })
	b.Run("secret", func(b *testing.B) { tokens(b, agents.SharedSecret, nil, 200) })
	b.Run("junk", func(b *testing.B) { // refused without a look at the signature
		tokens(b, agents.RSA3072, func(a string) string {
			_, rest, _ := strings.Cut(a, ".")
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + rest
		}, 400)
	})
	b.Run("forged", func(b *testing.B) {
		tokens(b, agents.RSA3072, func(a string) string { return a[:len(a)-8] + "AAAAAAAA" }, 400)
	})
}

func BenchmarkRenew(b *testing.B) {
	for _, profile := range []agents.Profile{agents.SharedSecret, agents.RSA3072} {
		b.Run(string(profile), func(b *testing.B) {
			o := benched(b, profile)
			many := make([]*onboarded, 64) // renewals of one agent would wait for each other
			for i := range many {
				many[i] = o.d.made("press "+strconv.Itoa(i), profile)
				many[i].likeC = true
				many[i].board()
			}
			body := func(o *onboarded) string {
				text := `{"client_id":"` + o.id + `"`
				if profile == agents.RSA3072 {
					text += `,"jwks":` + jwksOf(b, o)
				}
				return text + "}"
			}
			bodies := make([]string, len(many))
			for i := range many {
				bodies[i] = body(many[i])
			}
			measured(b, o.d, func(i int) (string, string, string, string, string) {
				m := i % len(many)
				return "PUT", management + "/register/" + many[m].id, many[m].creds.RAT, "application/json", bodies[m]
			}, 200)
		})
	}
}

func BenchmarkCall(b *testing.B) {
	o := benched(b, agents.RSA3072)
	access := o.token()
	measured(b, o.d, func(int) (string, string, string, string, string) {
		return "GET", o.at("/boarding/status"), access, "", ""
	}, 200)
}

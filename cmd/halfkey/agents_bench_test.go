package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	mrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"

	"halfkey/migrations"
)

// A fleet is a halfkey with a crowd of agents, which share one key and one
// registration token: nothing that a request costs depends on that.
type fleet struct {
	p        *process
	settings []string
	key      *rsa.PrivateKey
	ten, rat string
	jwks     string
	count    int
	database []int // processes of PostgreSQL's, which work for p too
}

const (
	agentDoor = "/api/agentmanagement/v3"
	formed    = "application/x-www-form-urlencoded"
)

// crowdAgents is how many agents there are; HALFKEY_TEST_AGENTS says another number.
func crowdAgents(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("HALFKEY_TEST_AGENTS")); err == nil && n > 0 {
		return n
	}
	return usual
}

// newFleet lets one agent come aboard as agents do and puts a crowd of its like
// beside it, straight into the tables.
func newFleet(b *testing.B, count int, settings []string) *fleet {
	b.Helper()
	f := &fleet{count: count, settings: append(settings, "LOG_LEVEL=warn", "AGENTS_TOKENS=1000000000", "AGENTS_RENEWALS=1000000000")}
	found(b, settings)
	id, secret := program(b, settings)
	var err error
	if f.key, err = rsa.GenerateKey(rand.Reader, 3072); err != nil {
		b.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	f.jwks = `{"keys":[{"kty":"RSA","kid":"mindconnect-key-1","n":"` + b64(f.key.N.Bytes()) + `","e":"` + b64(big.NewInt(int64(f.key.E)).Bytes()) + `"}]}`
	p := start(b, f.settings...)
	var login struct {
		Token string `json:"access_token"`
	}
	p.asks(b, "POST", "/oauth/token", id+":"+secret, formed, "grant_type=client_credentials", 200, &login)
	var first struct{ ID string }
	p.asks(b, "POST", agentDoor+"/agents", login.Token, "application/json", `{"name":"press","securityProfile":"RSA_3072"}`, 201, &first)
	var boarding struct{ Content struct{ IAT, Tenant string } }
	p.asks(b, "GET", agentDoor+"/agents/"+first.ID+"/boarding/configuration", login.Token, "", "", 200, &boarding)
	var creds struct {
		RAT string `json:"registration_access_token"`
	}
	p.asks(b, "POST", agentDoor+"/register", boarding.Content.IAT, "application/json", `{"jwks":`+f.jwks+`}`, 201, &creds)
	f.ten, f.rat = boarding.Content.Tenant, creds.RAT
	p.stop(b)
	h := open(b, f.settings)
	for _, statement := range crowdOfAgents(h.db.Dialect()) {
		if err := h.db.Gorm.Exec(statement, count, first.ID).Error; err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	if h.db.Dialect() == migrations.Postgres {
		h.db.Gorm.Exec("ANALYZE")
	}
	h.close()
	f.start(b)
	return f
}

func (f *fleet) start(b *testing.B) {
	f.p = start(b, f.settings...)
	f.database = nil
	for _, s := range f.settings {
		if dsn, ok := strings.CutPrefix(s, "DATABASE="); ok {
			f.database = []int{postmaster(b, dsn)}
		}
	}
}

func crowdOfAgents(dialect string) []string {
	hex := "printf('%032x', i)"
	if dialect == migrations.Postgres {
		hex = "lpad(to_hex(i), 32, '0')"
	}
	number := strings.Replace(hex, "32", "20", 1)
	more := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) `
	return []string{
		more + `INSERT INTO devices (id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, key_id, kid, secret_sealed, connector_id, channel_id, version, address, called_at, boarded_at, sealed_at, boardings, created_at)
SELECT ` + number + `, d.tenant_id, d.org_id, ` + hex + `, 'agent ' || i, d.kind, '', '', 'active', 'agent', NULL, 'agent:' || ` + hex + `, d.secret_sealed, d.connector_id, d.channel_id, 1, '', 0, 1, 1, 1, 1
FROM n, devices d WHERE d.serial = ?`,
		more + `INSERT INTO agents (id, device_id, tenant_id, ten, profile, network, epoch, onboarded_at, generation, rat_mac, public_key, expires_at, proved_at, old_generation)
SELECT ` + hex + `, ` + number + `, a.tenant_id, a.ten, a.profile, '', 1, 1, 1, a.rat_mac, a.public_key, a.expires_at, 1, 0 FROM n, agents a WHERE a.id = ?`,
	}
}

// postmaster is the process of a PostgreSQL whose children serve us.
func postmaster(b *testing.B, dsn string) int {
	b.Helper()
	c, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(context.Background())
	var text string
	if err := c.QueryRow(context.Background(), "SELECT pg_read_file('postmaster.pid')").Scan(&text); err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(text, "\n", 2)[0])
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

// cpu is the processor time of the house and of a database server of its own.
func (f *fleet) cpu(b *testing.B) time.Duration {
	spent := f.p.cpu(b)
	for _, master := range f.database {
		all, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, file := range all {
			text, _ := os.ReadFile(file)
			fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
			if len(fields) < 13 || fields[1] != strconv.Itoa(master) {
				continue
			}
			user, _ := strconv.Atoi(fields[11])
			system, _ := strconv.Atoi(fields[12])
			spent += time.Duration(user+system) * 10 * time.Millisecond
		}
	}
	return spent
}

// A call is a request that is ready to be sent, with the answer that it gets.
type call struct {
	method, path, bearer, contentType, body string
	status                                  int
}

func (f *fleet) send(c call) error {
	r, err := http.NewRequest(c.method, "http://"+f.p.main+agentDoor+c.path, strings.NewReader(c.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", c.contentType)
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	res, err := keptOpen.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != c.status {
		err = fmt.Errorf("%s %s: %s %s", c.method, c.path, res.Status, text)
	}
	return err
}

func nth(i int) string { return fmt.Sprintf("%032x", i) }

// anyone of the crowd.
func (f *fleet) anyone() int { return 1 + mrand.IntN(f.count) }

func (f *fleet) tokenCall(b *testing.B, agent int, key *rsa.PrivateKey, status int) call {
	now, id := time.Now().Unix(), nth(agent)
	claims := jwt.MapClaims{"iss": id, "sub": id, "aud": "southgate", "ten": f.ten, "iat": now, "exp": now + 3600, "jti": rand.Text()}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	text, err := t.SigningString()
	signature := make([]byte, 384)
	if err == nil && key != nil {
		signature, err = jwt.SigningMethodRS256.Sign(text, key)
	}
	if err != nil {
		b.Fatal(err)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {text + "." + base64.RawURLEncoding.EncodeToString(signature)}}
	return call{"POST", "/oauth/token", "", formed, form.Encode(), status}
}

func (f *fleet) renewCall(agent int) call {
	body, _ := json.Marshal(map[string]any{"client_id": nth(agent), "jwks": json.RawMessage(f.jwks)}) // made of texts
	return call{"PUT", "/register/" + nth(agent), f.rat, "application/json", string(body), 200}
}

// bench runs one kind of request from eight connections.
func (f *fleet) bench(b *testing.B, name string, next func(b *testing.B) call) {
	b.Run(name, func(b *testing.B) {
		calls := make([]call, b.N)
		for i := range calls {
			calls[i] = next(b)
		}
		b.SetParallelism(4)
		var at atomic.Int64
		b.ResetTimer()
		before := f.cpu(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := f.send(calls[at.Add(1)-1]); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64((f.cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	})
}

// BenchmarkAgents tells what agents' requests cost, each one's of another agent of
// the crowd: cpu-µs/op is the server's processor time, PostgreSQL's included. Junk
// is refused before its signature is looked at, a forged assertion after.
// HALFKEY_TEST_AGENTS=1000000 says how many agents there are, instead of 1000.
func BenchmarkAgents(b *testing.B) {
	for name, settings := range map[string]func() []string{
		"sqlite":   func() []string { return []string{"DATA=" + b.TempDir()} },
		"postgres": func() []string { return []string{"DATA=" + b.TempDir(), "DATABASE=" + database(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			f := newFleet(b, crowdAgents(1000), settings())
			f.bench(b, "token", func(b *testing.B) call { return f.tokenCall(b, f.anyone(), f.key, 200) })
			f.bench(b, "renew", func(*testing.B) call { return f.renewCall(f.anyone()) })
			f.bench(b, "junk", func(b *testing.B) call { return f.tokenCall(b, f.count+f.anyone(), nil, 400) })
			f.bench(b, "forged", func(b *testing.B) call { return f.tokenCall(b, f.anyone(), nil, 400) })
		})
	}
}

package agentmgmt

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"halfkey/devices/agents"
	"halfkey/devices/agents/agentstest"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// A generation as the contract's table (section 6) knows it.
type generation struct {
	n          int
	creds      registered
	rat, login bool // alive
}

// A table is the model: the table of section 6, written down anew.
type table struct {
	profile agents.Profile
	all     []*generation
}

func (m *table) newest() *generation { return m.all[len(m.all)-1] }

func (m *table) renew(by *generation, got registered) {
	for _, g := range m.all {
		if g != by {
			g.rat, g.login = false, false
		}
	}
	m.all = append(m.all, &generation{len(m.all), got, true, true})
}

func (m *table) login(by *generation) {
	if by != m.newest() {
		return
	}
	for _, g := range m.all[:len(m.all)-1] {
		g.login = false
		if m.profile == agents.SharedSecret {
			g.rat = false
		}
	}
}

// Whatever an agent does with whatever it ever was given, it goes as the table
// says: no honest device is locked out, no dead generation comes back.
func TestGenerationsGoByTheTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		d.Agents.Bounds = agents.Bounds{Tokens: 1 << 30, Renewals: 1 << 30, Calls: 1 << 30}
		for seed := range uint64(12) {
			profile := []agents.Profile{agents.SharedSecret, agents.RSA3072}[seed%2]
			t.Run(fmt.Sprint(profile, seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 7))
				o := d.made(fmt.Sprint("press ", seed), profile).board()
				m := &table{profile: profile, all: []*generation{{0, o.creds, true, true}}}
				for step := range 40 {
					g := m.all[max(0, len(m.all)-1-r.IntN(4))]
					if r.IntN(2) == 0 {
						o.stepRenew(t, m, g, step)
					} else {
						o.stepLogin(t, m, g, step)
					}
				}
			})
		}
	})
}

func (o *onboarded) stepRenew(t *testing.T, m *table, g *generation, step int) {
	t.Helper()
	o.creds = g.creds
	r := o.renew(g.creds.RAT)
	if !g.rat {
		r.fails(t, 401, "token_validation_failed")
		return
	}
	if r.Code != 200 {
		t.Fatalf("step %d: generation %d of %d may renew, and hears %d %s", step, g.n, m.newest().n, r.Code, r.Body)
	}
	var got registered
	r.into(t, &got)
	m.renew(g, got)
}

// stepLogin signs with a generation's secret. RSA agents keep their key as the
// Node client does, so any generation that lives lets them in.
func (o *onboarded) stepLogin(t *testing.T, m *table, g *generation, step int) {
	t.Helper()
	o.creds = g.creds
	r := o.ask(o.assertion(o.claims()))
	if m.profile == agents.RSA3072 {
		g = m.newest()
	}
	if !g.login {
		r.fails(t, 400, "invalid_client")
		return
	}
	if r.Code != 200 {
		t.Fatalf("step %d: generation %d of %d may come in, and hears %d %s", step, g.n, m.newest().n, r.Code, r.Body)
	}
	m.login(g)
}

// The regression test of the Node client: one token renews again and again, the
// last answer works, and then one before it does not any more.
func TestLostAnswers(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.SharedSecret).board()
	a := o.creds
	var b [3]registered
	for i := range b {
		o.renew(a.RAT).wants(t, 200).into(t, &b[i])
	}
	o.creds = b[2]
	o.token()
	o.renew(b[1].RAT).fails(t, 401, "token_validation_failed")
	o.renew(a.RAT).fails(t, 401, "token_validation_failed")
	o.renewed()
	o.token()
}

// The C client makes a new key before it asks. When the answer gets lost it
// holds the new key with the old registration token; both must go on working.
func TestANewKeyWithTheOldRegistrationToken(t *testing.T) {
	d := open(t, dbtest.SQLite(t))
	o := d.made("press", agents.RSA3072)
	o.likeC = true
	o.board()
	old := o.creds
	o.key = keyPairs[1]()
	o.renew(old.RAT).wants(t, 200) // the answer gets lost
	o.token()                      // the new key is known
	o.key = keyPairs[0]()
	o.ask(o.assertion(o.claims())).fails(t, 400, "invalid_client") // and the old one is not
	o.key = keyPairs[1]()
	o.renewed()
	o.token()
	if n := d.Lines(t, "agent.renew"); n != 2 {
		t.Errorf("%d renewals in the trail", n)
	}
	var late string
	if d.DB.Raw("SELECT detail FROM audit WHERE verb = 'agent.renew' ORDER BY seq DESC LIMIT 1").Scan(&late); !strings.Contains(late, `"late"`) {
		t.Error("nothing in the trail of an old token after the new key was used")
	}
}

// Renewals with one token at one instant, at two replicas: all are answered,
// and the last answer works.
func TestRenewalsAtOneInstant(t *testing.T) {
	for _, replicas := range []int{1, 2} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			dsn := dbtest.DSN(t)
			d := open(t, opened(t, dsn))
			handlers := []*door{d}
			if replicas == 2 {
				house := &agentstest.House{House: d.House.House, Machines: d.Machines, Agents: d.Replica(t, opened(t, dsn))}
				there := *d
				there.House, there.echo = house, d.doors(house, agentHandler(house))
				handlers = append(handlers, &there)
			}
			o := d.made("press", agents.SharedSecret).board()
			old := o.creds
			var calls sync.WaitGroup
			var got [8]*httptest.ResponseRecorder
			for i := range got {
				calls.Go(func() {
					got[i] = handlers[i%replicas].send("PUT", management+"/register/"+o.id, old.RAT, o.metadata(o.id)).ResponseRecorder
				})
			}
			calls.Wait()
			works := 0
			for _, r := range got {
				reply{r}.wants(t, 200).into(t, &o.creds)
				for _, at := range handlers {
					here := *o
					here.d = at
					if here.ask(here.assertion(here.claims())).Code == 200 {
						works++
						break
					}
				}
			}
			if works != 1 {
				t.Errorf("%d of eight answers work, want the last one", works)
			}
		})
	}
}

func opened(t *testing.T, dsn string) *migrations.DB {
	t.Helper()
	db, err := migrations.Open(t.Context(), migrations.Config{Driver: migrations.Postgres, DSN: dsn, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// A deed that does not reach its end leaves everything as it was.
func TestACrashInTheMidstOfARenewal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *migrations.DB) {
		d := open(t, db)
		o := d.made("press", agents.SharedSecret).board()
		breaks := map[string]string{"sqlite": "ALTER TABLE audit RENAME TO audit_away", "postgres": "ALTER TABLE audit RENAME TO audit_away"}[db.Dialect()]
		if err := db.Gorm.Exec(breaks).Error; err != nil {
			t.Fatal(err)
		}
		o.renew(o.creds.RAT).fails(t, 500, "server_error") // the trail is the last step of the deed
		if err := db.Gorm.Exec("ALTER TABLE audit_away RENAME TO audit").Error; err != nil {
			t.Fatal(err)
		}
		o.token()
		o.renewed()
		o.token()
	})
}
